#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/safetensors_header.h"

namespace torchner {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/** Such as "5x768"; "scalar" without dimensions. */
std::string ShapeText(at::IntArrayRef shape);

/** The float type behind a dtype's name in the file. Throws kCheckpoint for any other. */
at::ScalarType RequireFloatType(const std::string& path, const std::string& name, const std::string& dtype);

/** An open safetensors file whose header has been checked. */
class SafetensorsFile {
 public:
  /** Throws kCheckpoint or kIo; a git-lfs pointer in place of the file gets a message of its own. */
  explicit SafetensorsFile(const std::string& path);

  const std::vector<SafetensorsEntry>& entries() const { return header_.entries; }

  /** Copies one tensor's values into `target` (same shape, any float dtype or device). */
  void CopyInto(const SafetensorsEntry& entry, const at::Tensor& target) const;

 private:
  std::string path_;
  File file_;
  SafetensorsHeader header_;
};

/**
 * Fills `targets` from the files, which together must hold each name once in the same shape and nothing else.
 * Compares everything before the first copy; all differences are listed in one kCheckpoint error.
 */
void ReadExactly(const std::vector<std::string>& paths, const std::vector<NamedTensor>& targets);

/** Writes aside, syncs and renames; the layout and `format: pt` metadata are what transformers writes. */
void WriteSafetensors(const std::string& path, const std::vector<NamedTensor>& tensors);

}  // namespace torchner
