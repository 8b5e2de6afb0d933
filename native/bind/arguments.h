#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/numerics.h"

namespace torchner {

// Checked conversions from JavaScript. Each throws kArgument naming the argument, what was expected and what
// came; copies are made, so nothing that JavaScript owns is kept.

[[noreturn]] void ThrowArgument(const std::string& name, const std::string& expected, const Napi::Value& got);

Napi::Object RequireObject(const Napi::Value& value, const std::string& name);
Napi::Array RequireArray(const Napi::Value& value, const std::string& name);
std::string RequireString(const Napi::Value& value, const std::string& name);
double RequireNumber(const Napi::Value& value, const std::string& name);
/** An integer in [low, high]. */
int64_t RequireInteger(const Napi::Value& value, const std::string& name, int64_t low, int64_t high);
bool RequireBoolean(const Napi::Value& value, const std::string& name);
std::vector<std::string> RequireStrings(const Napi::Value& value, const std::string& name);

/** Int32Array or Uint8Array, widened to int64 as libtorch wants its indexes. */
std::vector<int64_t> RequireIntegers(const Napi::Value& value, const std::string& name);
std::vector<float> RequireFloats(const Napi::Value& value, const std::string& name);
std::vector<uint8_t> RequireBytes(const Napi::Value& value, const std::string& name);

/** True unless the value is undefined or null. */
bool Given(const Napi::Value& value);

/** `options[key]` where options may be absent altogether; undefined then. */
Napi::Value Option(const Napi::Value& options, const char* key);
bool BooleanOption(const Napi::Value& options, const char* key, bool fallback);
double NumberOption(const Napi::Value& options, const char* key, double fallback);
std::optional<std::string> StringOption(const Napi::Value& options, const char* key);
/** `options.numerics`, kFast where it is not given. */
Numerics NumericsOption(const Napi::Value& options);

/** A plain `number[]`. */
Napi::Array ToJsArray(Napi::Env env, const std::vector<int64_t>& values);
Napi::Array ToJsArray(Napi::Env env, const std::vector<std::string>& values);

}  // namespace torchner
