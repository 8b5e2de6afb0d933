#include "io/safetensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"

namespace torchner {
namespace {

std::optional<at::ScalarType> FloatType(const std::string& dtype) {
  if (dtype == "F32") return at::kFloat;
  if (dtype == "F16") return at::kHalf;
  if (dtype == "BF16") return at::kBFloat16;
  if (dtype == "F64") return at::kDouble;
  return std::nullopt;
}

SafetensorsHeader ReadHeader(const std::string& path, const File& file) {
  const uint64_t size = file.Size();
  unsigned char prefix[8] = {};
  if (size < 8)
    throw Error(ErrorCode::kCheckpoint, path + ": too short for a safetensors file (truncated?).");
  file.ReadAt(0, prefix, 8);
  if (std::equal(prefix, prefix + 8, "version ")) {
    throw Error(ErrorCode::kCheckpoint,
                path + ": is a git-lfs pointer, not the weights; run `git lfs pull` in its repository.");
  }
  std::string json(SafetensorsHeaderLength(path, prefix, size), '\0');
  file.ReadAt(8, json.data(), json.size());
  return ParseSafetensorsHeader(path, json, size);
}

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string JsonEntry(const NamedTensor& named, uint64_t begin, uint64_t end) {
  std::string shape;
  for (const int64_t size : named.tensor.sizes()) shape += (shape.empty() ? "" : ",") + std::to_string(size);
  return JsonString(named.name) + R"(:{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[)" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

void WriteFile(const std::string& path, const std::string& header, const std::vector<NamedTensor>& tensors) {
  File file = File::Create(path);
  unsigned char prefix[8];
  for (int i = 0; i < 8; ++i) prefix[i] = static_cast<unsigned char>(header.size() >> (8 * i));
  file.Write(prefix, 8);
  file.Write(header.data(), header.size());
  for (const NamedTensor& named : tensors) {
    const at::Tensor value = named.tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    file.Write(value.data_ptr(), static_cast<uint64_t>(value.numel()) * sizeof(float));
  }
  file.Sync();
}

}  // namespace

std::string ShapeText(at::IntArrayRef shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

at::ScalarType RequireFloatType(const std::string& path, const std::string& name, const std::string& dtype) {
  if (const std::optional<at::ScalarType> type = FloatType(dtype)) return *type;
  throw Error(ErrorCode::kCheckpoint,
              path + ": tensor '" + name + "' has dtype " + dtype + "; F32, F16, BF16 or F64 was expected.");
}

SafetensorsFile::SafetensorsFile(const std::string& path)
    : path_(path), file_(File::OpenForReading(path)), header_(ReadHeader(path, file_)) {}

void SafetensorsFile::CopyInto(const SafetensorsEntry& entry, const at::Tensor& target) const {
  const at::ScalarType type = RequireFloatType(path_, entry.name, entry.dtype);
  at::NoGradGuard no_grad;
  const at::Tensor value = at::empty(entry.shape, at::TensorOptions(type));
  file_.ReadAt(header_.data_start + entry.begin, value.data_ptr(), entry.end - entry.begin);
  target.copy_(value);
}

void ReadExactly(const std::vector<std::string>& paths, const std::vector<NamedTensor>& targets) {
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  std::map<std::string, std::pair<const SafetensorsFile*, const SafetensorsEntry*>> found;
  std::vector<std::string> differences;
  for (const std::string& path : paths) {
    files.push_back(std::make_unique<SafetensorsFile>(path));
    for (const SafetensorsEntry& entry : files.back()->entries()) {
      if (!found.emplace(entry.name, std::pair{files.back().get(), &entry}).second) {
        differences.push_back(entry.name + " is there twice");
      }
    }
  }
  for (const NamedTensor& target : targets) {
    const auto entry = found.find(target.name);
    if (entry == found.end()) {
      differences.push_back(target.name + " is missing");
    } else if (!FloatType(entry->second.second->dtype)) {
      differences.push_back(target.name + " has dtype " + entry->second.second->dtype + ", not a float type");
    } else if (target.tensor.sizes() != at::IntArrayRef(entry->second.second->shape)) {
      differences.push_back(target.name + " is " + ShapeText(entry->second.second->shape) + " in the file, " +
                            ShapeText(target.tensor.sizes()) + " here");
    }
  }
  std::set<std::string> known;
  for (const NamedTensor& target : targets) known.insert(target.name);
  for (const auto& [name, source] : found) {
    if (!known.contains(name)) differences.push_back(name + " has no place here");
  }
  if (!differences.empty()) {
    std::string list;
    for (const std::string& difference : differences) list += (list.empty() ? "" : "; ") + difference;
    throw Error(ErrorCode::kCheckpoint, paths.front() + ": does not belong to this model: " + list + ".");
  }
  for (const NamedTensor& target : targets) {
    const auto& [file, entry] = found.at(target.name);
    file->CopyInto(*entry, target.tensor);
  }
}

void WriteSafetensors(const std::string& path, const std::vector<NamedTensor>& tensors) {
  CheckPath(path);
  std::vector<NamedTensor> sorted = tensors;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name < b.name; });

  std::string header = R"({"__metadata__":{"format":"pt"})";
  uint64_t end = 0;
  for (const NamedTensor& named : sorted) {
    const uint64_t begin = end;
    end += static_cast<uint64_t>(named.tensor.numel()) * sizeof(float);
    header += "," + JsonEntry(named, begin, end);
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8,
                ' ');  // data aligned to 8 bytes, as the format's own writer does

  const std::string aside = path + ".partial";
  try {
    WriteFile(aside, header, sorted);
    ReplaceFile(aside, path);
  } catch (...) {
    std::remove(aside.c_str());  // it may hold the very space that is missing
    throw;
  }
}

}  // namespace torchner
