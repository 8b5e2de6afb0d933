import { AutoModelForTokenClassification } from "../../lib/model/auto.ts";
import { runtimeInfo } from "../../lib/model/runtime.ts";
import { tinyConfig, tinyLabels } from "./tiny_model.ts";

const { cuda } = await runtimeInfo();
const onDevice = (device: string) =>
  AutoModelForTokenClassification.fromConfig(tinyConfig, { labels: tinyLabels, device });

test("a model lies on the CPU unless another device is asked for", async () => {
  using model = await AutoModelForTokenClassification.fromConfig(tinyConfig, { labels: tinyLabels });
  expect(model.device).toBe("cpu");
});

test("auto takes a CUDA device where there is one, else the CPU", async () => {
  using model = await onDevice("auto");
  expect(model.device).toBe(cuda.available ? "cuda:0" : "cpu");
});

test("the runtime says why there is no CUDA, or which devices there are", () => {
  if (cuda.available) expect(cuda.devices).toContain("cuda:0");
  else expect(cuda).toEqual({ available: false, devices: [], reason: expect.stringMatching(/\w+ \w+/) });
});

test.each([
  "cuda",
  "cuda:0",
])("%s without a CUDA device is refused with the reason and the remedy", async (device) => {
  if (cuda.available) {
    using model = await onDevice(device);
    expect(model.device).toBe("cuda:0");
    return;
  }
  await expect(onDevice(device)).rejects.toMatchObject({
    name: "TorchnerError",
    code: "EENV",
    message: expect.stringContaining(`'${device}' cannot be used: ${cuda.reason}`),
  });
  await expect(onDevice(device)).rejects.toThrow(/Use device 'cpu' or 'auto'/);
});

test("a device number beyond the last is an error of the machine", async () => {
  await expect(onDevice("cuda:99")).rejects.toMatchObject({ code: "EENV" });
});

test.each([
  "gpu",
  "CUDA",
  "cuda:",
  "cuda:-1",
  "cuda:x",
  "cuda:1:2",
  "cpu:0",
  "",
])("%j is no device name, and the message lists those that are", async (device) => {
  await expect(onDevice(device)).rejects.toMatchObject({
    code: "EARG",
    message: expect.stringContaining("cpu, cuda, cuda:N or auto"),
  });
});
