#include "io/checkpoint.h"

#include <ATen/ATen.h>

#include <map>

#include "core/error.h"
#include "io/key_map.h"
#include "io/safetensors.h"
#include "io/weights_file.h"

namespace torchner {
namespace {

bool ShapesAgree(const WeightsFile::Entry& entry, const Parameter& parameter) {
  return at::IntArrayRef(entry.shape) == parameter.tensor.sizes();
}

void RefuseMismatches(const std::string& path, const std::vector<LoadReport::Mismatch>& mismatched,
                      size_t total) {
  std::string list;
  for (const auto& [name, file, model] : mismatched) {
    list += (list.empty() ? "" : "; ") + name + " is " + ShapeText(file) + " in the file, " +
            ShapeText(model) + " here";
  }
  throw Error(ErrorCode::kCheckpoint, path + ": " + std::to_string(mismatched.size()) + " of " +
                                          std::to_string(total) + " tensors have another shape: " + list +
                                          ". Did the labels change? With ignoreMismatchedSizes they are "
                                          "initialised freshly.");
}

}  // namespace

LoadReport LoadCheckpoint(TokenClassifier& model, const std::vector<std::string>& paths,
                          bool ignore_mismatched) {
  LoadReport report;
  std::map<std::string, WeightsFile::Entry> sources;
  for (const std::string& path : paths) {
    for (const WeightsFile::Entry& entry : OpenWeights(path).entries) {
      const Parameter* parameter = FindParameter(model, entry.name);
      if (!parameter) {
        report.unexpected.push_back(entry.name);
      } else if (!sources.emplace(parameter->name, entry).second) {
        throw Error(
            ErrorCode::kCheckpoint,
            path + ": '" + entry.name + "' and another tensor both stand for '" + parameter->name + "'.");
      }
    }
  }

  size_t encoder_found = 0;
  for (const Parameter& parameter : model.parameters()) {
    const auto source = sources.find(parameter.name);
    if (source == sources.end()) {
      report.missing.push_back(parameter.name);
      continue;
    }
    if (parameter.name.rfind(model.keys().prefix, 0) == 0) ++encoder_found;
    if (!ShapesAgree(source->second, parameter)) {
      report.mismatched.push_back(
          {source->second.name, source->second.shape, parameter.tensor.sizes().vec()});
    }
  }
  if (!paths.empty() && encoder_found == 0) {
    throw Error(ErrorCode::kCheckpoint,
                paths.front() + ": holds no weight of this model type (its names do not match '" +
                    model.keys().prefix + "...'); is model_type in config.json right?");
  }
  if (!report.mismatched.empty() && !ignore_mismatched) {
    RefuseMismatches(paths.front(), report.mismatched, model.parameters().size());
  }

  for (const Parameter& parameter : model.parameters()) {
    const auto source = sources.find(parameter.name);
    if (source == sources.end() || !ShapesAgree(source->second, parameter)) {
      Initialize(parameter, model);
    } else {
      source->second.copy_into(parameter.tensor);
    }
  }
  return report;
}

}  // namespace torchner
