#pragma once

#include <c10/core/DeviceType.h>

namespace torchner {

/** torch.autocast(device, bfloat16) for its lifetime; does nothing when not enabled. */
class AutocastScope {
 public:
  AutocastScope(c10::DeviceType device, bool enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  c10::DeviceType device_;
  bool enabled_;
};

}  // namespace torchner
