#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "bind/arguments.h"
#include "bind/env_data.h"
#include "core/error.h"

namespace torchner {

/**
 * A JavaScript object that owns one native object until `dispose()` or the collector.
 *
 * `Wrap` derives from Napi::ObjectWrap<Wrap> and from this. Work on the executor holds its own shared
 * pointer, so disposing during work is safe: the object dies when the last work ends. The last pointer is
 * dropped on the executor, or after Close, when it has nothing of this environment left to do. The type tag
 * tells our handles apart, since unwrapping another class's object is undefined.
 */
template <typename Native>
class Handle {
 public:
  bool disposed() const { return native_ == nullptr; }

  /**
   * Throws kState after dispose. `what` names the handle in the message. By value: an option may be a getter,
   * and a getter may dispose the handle while the call reads its arguments.
   */
  std::shared_ptr<Native> Get(const char* what) const {
    if (!native_) throw Error(ErrorCode::kState, std::string(what) + " is disposed; make a new one.");
    return native_;
  }

  void Dispose(Napi::Env env) {
    if (!native_) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, -bytes_);
    EnvData::Of(env).Release([native = std::move(native_)]() mutable { native.reset(); });
    native_.reset();
  }

  /** Tells the collector what hangs on this small object, or it would see no reason to run. */
  void Account(Napi::Env env, int64_t bytes) {
    bytes_ = bytes;
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
  }

 protected:
  std::shared_ptr<Native> native_;

 private:
  int64_t bytes_ = 0;
};

/** The wrap behind a JavaScript value, or kArgument naming the argument where it is something else. */
template <typename Wrap>
Wrap& Unwrap(const Napi::Value& value, const std::string& name) {
  if (value.IsObject()) {
    const Napi::Object object = value.As<Napi::Object>();
    if (object.CheckTypeTag(&Wrap::kTypeTag)) return *Wrap::Unwrap(object);
  }
  ThrowArgument(name, std::string("a ") + Wrap::kName, value);
}

/**
 * The native object an `new Wrap(...)` call hands over from C++. JavaScript cannot make an External, so
 * calling the constructor from there is refused.
 */
template <typename Wrap, typename Native>
std::shared_ptr<Native> TakeConstructed(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsExternal()) {
    throw Error(ErrorCode::kArgument, std::string(Wrap::kName) + " has no public constructor.");
  }
  return std::move(*info[0].As<Napi::External<std::shared_ptr<Native>>>().Data());
}

template <typename Native>
Napi::Object Construct(const Napi::FunctionReference& constructor, std::shared_ptr<Native> native) {
  const Napi::Env env = constructor.Env();
  return constructor.Value().New({Napi::External<std::shared_ptr<Native>>::New(env, &native)});
}

/**
 * The getter `disposed`. Not InstanceAccessor, which unwraps `this` unchecked: inspectors read getters of the
 * prototype itself.
 */
template <typename Wrap>
Napi::ClassPropertyDescriptor<Wrap> DisposedAccessor() {
  napi_property_descriptor descriptor = {};
  descriptor.utf8name = "disposed";
  descriptor.attributes = napi_enumerable;
  descriptor.getter = [](napi_env raw, napi_callback_info info) -> napi_value {
    napi_value self = nullptr;
    napi_get_cb_info(raw, info, nullptr, nullptr, &self, nullptr);
    bool ours = false;
    napi_check_object_type_tag(raw, self, &Wrap::kTypeTag, &ours);
    if (!ours) return nullptr;  // undefined
    return Napi::Boolean::New(raw, Wrap::Unwrap(Napi::Object(raw, self))->disposed());
  };
  return Napi::ClassPropertyDescriptor<Wrap>(descriptor);
}

/** Adds `dispose` under the realm's `Symbol.dispose` too, so that `using` works. */
inline void AddDisposeSymbol(const Napi::FunctionReference& constructor, const Napi::Symbol& symbol) {
  if (constructor.IsEmpty()) return;
  Napi::Object prototype = constructor.Value().Get("prototype").As<Napi::Object>();
  prototype.Set(symbol, prototype.Get("dispose"));
}

}  // namespace torchner
