#include "bind/model_wrap.h"

#include <ATen/ATen.h>

#include "bind/guard.h"
#include "bind/tensor_wrap.h"
#include "core/device.h"
#include "io/checkpoint.h"
#include "io/safetensors.h"
#include "nn/registry.h"
#include "optim/gradient_scale.h"

namespace torchner {
namespace {

ConfigMap ReadConfigMap(const Napi::Value& value) {
  const Napi::Object object = RequireObject(value, "config");
  const Napi::Array keys = object.GetPropertyNames();
  ConfigMap config;
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString().Utf8Value();
    const Napi::Value entry = object.Get(key);
    if (entry.IsNull()) {
      config[key] = nullptr;
    } else if (entry.IsBoolean()) {
      config[key] = entry.As<Napi::Boolean>().Value();
    } else if (entry.IsNumber()) {
      config[key] = entry.As<Napi::Number>().DoubleValue();
    } else if (entry.IsString()) {
      config[key] = entry.As<Napi::String>().Utf8Value();
    } else if (entry.IsObject()) {
      config[key] = Nested{};
    }
  }
  return config;
}

struct ModelSpec {
  ConfigMap config;
  int64_t num_labels;
  std::vector<std::string> weights;
  std::string device;
  bool ignore_mismatched;
};

ModelSpec ReadSpec(const Napi::Value& value) {
  const Napi::Object spec = RequireObject(value, "spec");
  return {.config = ReadConfigMap(spec.Get("config")),
          .num_labels = RequireInteger(spec.Get("numLabels"), "numLabels", 1, 1 << 20),
          .weights = RequireStrings(spec.Get("weights"), "weights"),
          .device = StringOption(spec, "device").value_or("cpu"),
          .ignore_mismatched = BooleanOption(spec, "ignoreMismatchedSizes", false)};
}

Batch ReadBatch(const Napi::Value& value) {
  const Napi::Object object = RequireObject(value, "batch");
  const Napi::Array shape = RequireArray(object.Get("shape"), "batch.shape");
  if (shape.Length() != 2) ThrowArgument("batch.shape", "[rows, width]", shape);
  Batch batch;
  constexpr int64_t kMost = 1 << 24;
  batch.rows = RequireInteger(shape.Get(0u), "batch.shape[0]", 1, kMost);
  batch.width = RequireInteger(shape.Get(1u), "batch.shape[1]", 1, kMost);
  batch.input_ids = RequireIntegers(object.Get("inputIds"), "batch.inputIds");
  const auto optional = [&](const char* key, std::vector<int64_t>& field) {
    const Napi::Value given = object.Get(key);
    if (!Given(given)) return;
    field = RequireIntegers(given, std::string("batch.") + key);
    if (field.empty()) ThrowArgument(std::string("batch.") + key, "one value per cell", given);
  };
  optional("attentionMask", batch.attention_mask);
  optional("tokenTypeIds", batch.token_type_ids);
  optional("labels", batch.labels);
  return batch;
}

ForwardOptions ReadForwardOptions(const Napi::Value& options) {
  ForwardOptions read;
  read.training = BooleanOption(options, "training", false);
  read.grad = BooleanOption(options, "grad", read.training);
  read.numerics = NumericsOption(options);
  const std::string layout =
      StringOption(options, "layout").value_or(read.numerics == Numerics::kFast ? "packed" : "padded");
  if (layout != "packed" && layout != "padded") {
    throw Error(ErrorCode::kArgument, "layout: '" + layout + "' is not packed or padded.");
  }
  read.layout = layout == "packed" ? LayoutKind::kPacked : LayoutKind::kPadded;
  read.bf16 = BooleanOption(options, "bf16", false);
  read.label_smoothing = NumberOption(options, "labelSmoothing", 0);
  if (!(read.label_smoothing >= 0 && read.label_smoothing < 1)) {
    throw Error(ErrorCode::kArgument, "labelSmoothing: expected a number of at least 0 and below 1.");
  }
  read.gradient_checkpointing = BooleanOption(options, "gradientCheckpointing", false);
  return read;
}

Napi::Object ReportToJs(Napi::Env env, const LoadReport& report) {
  Napi::Array mismatched = Napi::Array::New(env, report.mismatched.size());
  for (size_t i = 0; i < report.mismatched.size(); ++i) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", report.mismatched[i].name);
    entry.Set("file", ToJsArray(env, report.mismatched[i].file));
    entry.Set("model", ToJsArray(env, report.mismatched[i].model));
    mismatched.Set(static_cast<uint32_t>(i), entry);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("missing", ToJsArray(env, report.missing));
  object.Set("unexpected", ToJsArray(env, report.unexpected));
  object.Set("mismatched", mismatched);
  return object;
}

struct Loaded {
  std::shared_ptr<TokenClassifier> model;
  LoadReport report;
};

Napi::Value LoadModel(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(
        info.Env(),
        [spec = ReadSpec(info[0])] {
          Loaded loaded;
          loaded.model = std::make_shared<TokenClassifier>(ReadFamily(spec.config, spec.num_labels),
                                                           ResolveDevice(spec.device));
          loaded.report = LoadCheckpoint(*loaded.model, spec.weights, spec.ignore_mismatched);
          return loaded;
        },
        [](Napi::Env env, Loaded& loaded) {
          Napi::Object object = Napi::Object::New(env);
          Napi::Object model = Construct(EnvData::Of(env).model_class, loaded.model);
          model.DefineProperty(Napi::PropertyDescriptor::Value(
              "device", Napi::String::New(env, loaded.model->device().str()), napi_enumerable));
          object.Set("model", model);
          object.Set("report", ReportToJs(env, loaded.report));
          return object;
        });
  });
}

/** @throws kState where the weights are gone because the model was packed. */
std::shared_ptr<TokenClassifier> Whole(std::shared_ptr<TokenClassifier> model) {
  if (model->packed()) {
    throw Error(ErrorCode::kState,
                "this model was packed for inference and has no weights of its own any more; load it again.");
  }
  return model;
}

kernels::Precision RequirePrecision(const Napi::Value& value) {
  const std::string dtype = RequireString(value, "dtype");
  if (dtype == "fp32") return kernels::Precision::kFloat32;
  if (dtype == "bf16") return kernels::Precision::kBFloat16;
  if (dtype == "int8") return kernels::Precision::kInt8;
  throw Error(ErrorCode::kArgument, "dtype: '" + dtype + "' is not fp32, bf16 or int8.");
}

std::vector<NamedTensor> NamedParameters(const TokenClassifier& model) {
  std::vector<NamedTensor> named;
  for (const Parameter& parameter : model.parameters()) named.push_back({parameter.name, parameter.tensor});
  return named;
}

}  // namespace

void ModelWrap::Register(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor =
      DefineClass(env, kName,
                  {InstanceMethod<&ModelWrap::Forward>("forward"),
                   InstanceMethod<&ModelWrap::ParameterNames>("parameterNames"),
                   InstanceMethod<&ModelWrap::ParameterValue>("parameter"),
                   InstanceMethod<&ModelWrap::Gradient>("gradient"), InstanceMethod<&ModelWrap::Save>("save"),
                   InstanceMethod<&ModelWrap::LoadWeights>("loadWeights"),
                   InstanceMethod<&ModelWrap::PackForInference>("packForInference"),
                   InstanceMethod<&ModelWrap::ParameterCount>("parameterCount"),
                   InstanceMethod<&ModelWrap::DisposeNow>("dispose"), DisposedAccessor<ModelWrap>()});
  EnvData::Of(env).model_class = Napi::Persistent(constructor);
  exports.Set(kName, constructor);
  exports.Set("loadModel", Napi::Function::New<LoadModel>(env, "loadModel"));
}

ModelWrap::ModelWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ModelWrap>(info) {
  Guard(info, [&] {
    native_ = TakeConstructed<ModelWrap, TokenClassifier>(info);
    info.This().As<Napi::Object>().TypeTag(&kTypeTag);
    Account(info.Env(), static_cast<int64_t>(sizeof(float)) * native_->parameter_count());
  });
}

ModelWrap::~ModelWrap() {
  Dispose(Env());
}

Napi::Value ModelWrap::Forward(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    const std::shared_ptr<TokenClassifier> model = Get("this model");
    const ForwardOptions options = ReadForwardOptions(info[1]);
    return OffThread(
        info.Env(), [model, batch = ReadBatch(info[0]), options] { return model->Forward(batch, options); },
        [numerics = options.numerics](Napi::Env env, ForwardOutput& output) {
          Napi::Object object = Napi::Object::New(env);
          int64_t graph = output.graph_bytes;  // shared by both, so counted once
          if (output.loss.defined()) {
            object.Set("loss", TensorWrap::ToJs(env, {std::move(output.loss), numerics, graph}));
            graph = 0;
          }
          object.Set("logits", TensorWrap::ToJs(env, {std::move(output.logits), numerics, graph}));
          return object;
        });
  });
}

Napi::Value ModelWrap::ParameterNames(const Napi::CallbackInfo& info) {
  return Guard(info, [&] {
    std::vector<std::string> names;
    for (const Parameter& parameter : Get("this model")->parameters()) names.push_back(parameter.name);
    return ToJsArray(info.Env(), names);
  });
}

template <typename Read>
Napi::Value ModelWrap::CopyOfParameter(const Napi::CallbackInfo& info, Read read) {
  return GuardAsync(info, [&] {
    const std::shared_ptr<TokenClassifier> model = Get("this model");
    const std::string name = RequireString(info[0], "name");
    const Parameter* parameter = model->Find(name);
    if (!parameter) {
      throw Error(ErrorCode::kArgument,
                  "name: this model has no parameter '" + name + "'; see parameterNames().");
    }
    return OffThread(
        info.Env(),
        [model, parameter, read] {
          Whole(model);
          at::NoGradGuard no_grad;
          return read(parameter->tensor);
        },
        [](Napi::Env env, at::Tensor& copy) {
          return TensorWrap::ToJs(env, {std::move(copy), Numerics::kReference});
        });
  });
}

Napi::Value ModelWrap::ParameterValue(const Napi::CallbackInfo& info) {
  return CopyOfParameter(info, [](const at::Tensor& value) { return value.detach().clone(); });
}

Napi::Value ModelWrap::Gradient(const Napi::CallbackInfo& info) {
  return CopyOfParameter(info, [](const at::Tensor& value) {
    SettleGradientScale();
    return value.grad().defined() ? value.grad().clone() : at::zeros_like(value.detach());
  });
}

Napi::Value ModelWrap::Save(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(info.Env(), [model = Get("this model"), path = RequireString(info[0], "path")] {
      WriteSafetensors(path, NamedParameters(*Whole(model)));
    });
  });
}

Napi::Value ModelWrap::LoadWeights(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    std::vector<std::string> paths = RequireStrings(info[0], "paths");
    if (paths.empty()) throw Error(ErrorCode::kArgument, "paths: at least one file is needed.");
    return OffThread(info.Env(), [model = Get("this model"), paths = std::move(paths)] {
      ReadExactly(paths, NamedParameters(*Whole(model)));
    });
  });
}

Napi::Value ModelWrap::PackForInference(const Napi::CallbackInfo& info) {
  return GuardAsync(info, [&] {
    return OffThread(info.Env(), [model = Get("this model"), precision = RequirePrecision(info[0])] {
      model->PackForInference(precision);
    });
  });
}

Napi::Value ModelWrap::ParameterCount(const Napi::CallbackInfo& info) {
  return Guard(info, [&] {
    const std::shared_ptr<TokenClassifier> model = Get("this model");
    const int64_t total = model->parameter_count();
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("total", static_cast<double>(total));
    object.Set("nonEmbedding", static_cast<double>(total - model->embedding_count()));
    return object;
  });
}

Napi::Value ModelWrap::DisposeNow(const Napi::CallbackInfo& info) {
  return Guard(info, [&] { Dispose(info.Env()); });
}

}  // namespace torchner
