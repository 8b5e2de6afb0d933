#include "io/torch_file.h"

#include <ATen/ATen.h>

#include "io/safetensors.h"

namespace torchner {

void TorchFile::CopyInto(const PickledTensor& tensor, const at::Tensor& target) const {
  const at::ScalarType type = RequireFloatType(archive_.path(), tensor.name, tensor.dtype);
  at::NoGradGuard no_grad;
  const at::Tensor storage = at::empty({tensor.storage_size}, at::TensorOptions(type));
  archive_.ReadStorage(tensor, storage.data_ptr());
  target.copy_(storage.as_strided(tensor.shape, tensor.strides, tensor.offset));
}

}  // namespace torchner
