#pragma once

#include <napi.h>

namespace torchner {

/** Functions of the contract that belong to no handle: seeds, threads, what libtorch and the machine offer.
 */
void RegisterRuntime(Napi::Env env, Napi::Object exports);

}  // namespace torchner
