#include "io/weights_file.h"

#include <memory>
#include <string_view>

#include "core/error.h"
#include "io/safetensors.h"
#include "io/torch_file.h"

namespace torchner {
namespace {

template <typename Opened, typename Listed>
WeightsFile FromFile(std::shared_ptr<Opened> file, const std::vector<Listed>& listed) {
  WeightsFile weights;
  for (const Listed& entry : listed) {
    weights.entries.push_back({entry.name, entry.shape,
                               [file, &entry](const at::Tensor& target) { file->CopyInto(entry, target); }});
  }
  return weights;
}

}  // namespace

WeightsFile OpenWeights(const std::string& path) {
  File file = File::OpenForReading(path);
  std::string start(std::min<uint64_t>(4, file.Size()), '\0');
  file.ReadAt(0, start.data(), start.size());
  if (start == std::string_view("PK\x03\x04", 4)) {
    auto torch = std::make_shared<TorchFile>(path, std::move(file));
    return FromFile(torch, torch->tensors());
  }
  // Protocol 2 and later begin so; the oldest format of torch.save is a row of such pickles.
  if (start.size() > 1 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) {
    throw Error(ErrorCode::kCheckpoint,
                path +
                    ": is a bare pickle, as torch before 1.6 saved models; load and save it again in Python: "
                    "torch.save(torch.load(FILE, weights_only=True), FILE)");
  }
  auto safetensors = std::make_shared<SafetensorsFile>(path);
  return FromFile(safetensors, safetensors->entries());
}

}  // namespace torchner
