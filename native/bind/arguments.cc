#include "bind/arguments.h"

#include <cmath>

#include "core/error.h"

namespace torchner {
namespace {

std::string Describe(const Napi::Value& value) {
  if (value.IsEmpty() || value.IsUndefined()) return "undefined";
  if (value.IsNull()) return "null";
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value() ? "true" : "false";
  if (value.IsNumber()) return value.ToString().Utf8Value();
  if (value.IsString()) return "a string";
  if (value.IsBigInt()) return "a bigint";
  if (value.IsSymbol()) return "a symbol";
  if (value.IsFunction()) return "a function";
  if (value.IsArray()) return "an array";
  if (value.IsTypedArray()) return "another typed array";
  return "an object";
}

Napi::TypedArray RequireTypedArray(const Napi::Value& value, const std::string& name, const char* expected) {
  if (!value.IsTypedArray()) ThrowArgument(name, expected, value);
  return value.As<Napi::TypedArray>();
}

}  // namespace

void ThrowArgument(const std::string& name, const std::string& expected, const Napi::Value& got) {
  throw Error(ErrorCode::kArgument, name + ": expected " + expected + ", got " + Describe(got) + ".");
}

Napi::Object RequireObject(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject() || value.IsFunction()) ThrowArgument(name, "an object", value);
  return value.As<Napi::Object>();
}

Napi::Array RequireArray(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray()) ThrowArgument(name, "an array", value);
  return value.As<Napi::Array>();
}

std::string RequireString(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) ThrowArgument(name, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

double RequireNumber(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) ThrowArgument(name, "a number", value);
  return value.As<Napi::Number>().DoubleValue();
}

int64_t RequireInteger(const Napi::Value& value, const std::string& name, int64_t low, int64_t high) {
  const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  if (!value.IsNumber()) ThrowArgument(name, expected, value);
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::floor(number) != number || number < static_cast<double>(low) ||
      number > static_cast<double>(high)) {
    ThrowArgument(name, expected, value);
  }
  return static_cast<int64_t>(number);
}

bool RequireBoolean(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean()) ThrowArgument(name, "true or false", value);
  return value.As<Napi::Boolean>().Value();
}

std::vector<std::string> RequireStrings(const Napi::Value& value, const std::string& name) {
  const Napi::Array array = RequireArray(value, name);
  std::vector<std::string> strings;
  strings.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    strings.push_back(RequireString(array.Get(i), name + "[" + std::to_string(i) + "]"));
  }
  return strings;
}

std::vector<int64_t> RequireIntegers(const Napi::Value& value, const std::string& name) {
  const Napi::TypedArray array = RequireTypedArray(value, name, "an Int32Array or Uint8Array");
  if (array.TypedArrayType() == napi_int32_array) {
    const auto ints = array.As<Napi::Int32Array>();
    return {ints.Data(), ints.Data() + ints.ElementLength()};
  }
  if (array.TypedArrayType() == napi_uint8_array) {
    const auto bytes = array.As<Napi::Uint8Array>();
    return {bytes.Data(), bytes.Data() + bytes.ElementLength()};
  }
  ThrowArgument(name, "an Int32Array or Uint8Array", value);
}

std::vector<float> RequireFloats(const Napi::Value& value, const std::string& name) {
  const Napi::TypedArray array = RequireTypedArray(value, name, "a Float32Array");
  if (array.TypedArrayType() != napi_float32_array) ThrowArgument(name, "a Float32Array", value);
  const auto floats = array.As<Napi::Float32Array>();
  return {floats.Data(), floats.Data() + floats.ElementLength()};
}

std::vector<uint8_t> RequireBytes(const Napi::Value& value, const std::string& name) {
  const Napi::TypedArray array = RequireTypedArray(value, name, "a Uint8Array");
  if (array.TypedArrayType() != napi_uint8_array) ThrowArgument(name, "a Uint8Array", value);
  const auto bytes = array.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.Data() + bytes.ElementLength()};
}

bool Given(const Napi::Value& value) {
  return !value.IsEmpty() && !value.IsUndefined() && !value.IsNull();
}

Napi::Value Option(const Napi::Value& options, const char* key) {
  if (!Given(options)) return options.Env().Undefined();
  return RequireObject(options, "options").Get(key);
}

bool BooleanOption(const Napi::Value& options, const char* key, bool fallback) {
  const Napi::Value value = Option(options, key);
  return Given(value) ? RequireBoolean(value, key) : fallback;
}

double NumberOption(const Napi::Value& options, const char* key, double fallback) {
  const Napi::Value value = Option(options, key);
  return Given(value) ? RequireNumber(value, key) : fallback;
}

std::optional<std::string> StringOption(const Napi::Value& options, const char* key) {
  const Napi::Value value = Option(options, key);
  if (!Given(value)) return std::nullopt;
  return RequireString(value, key);
}

Numerics NumericsOption(const Napi::Value& options) {
  const std::string numerics = StringOption(options, "numerics").value_or("fast");
  if (numerics == "fast") return Numerics::kFast;
  if (numerics == "reference") return Numerics::kReference;
  throw Error(ErrorCode::kArgument, "numerics: '" + numerics + "' is not fast or reference.");
}

Napi::Array ToJsArray(Napi::Env env, const std::vector<int64_t>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), Napi::Number::New(env, static_cast<double>(values[i])));
  }
  return array;
}

Napi::Array ToJsArray(Napi::Env env, const std::vector<std::string>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); ++i)
    array.Set(static_cast<uint32_t>(i), Napi::String::New(env, values[i]));
  return array;
}

}  // namespace torchner
