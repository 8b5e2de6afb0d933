import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fetchLibtorch } from "../../../third_party/libtorch_fetch.mjs";
import { describeIf } from "../../support/shared.ts";
import { libtorchFiles, temporaryFolder, writeZip } from "./temporary.ts";

const folder = temporaryFolder();
let lines: string[];
const log = (line: string) => void lines.push(line);
let server: Server | undefined;

beforeEach(() => {
  lines = [];
  process.env.TORCHNER_CACHE = join(folder(), "cache");
  process.env.PIP_NO_INDEX = "1";
  process.env.PIP_FIND_LINKS = join(folder(), "wheels");
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

type Handler = Parameters<typeof createServer>[1];

async function serve(handler: NonNullable<Handler>): Promise<void> {
  const listening = createServer(handler);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  process.env.TORCHNER_LIBTORCH_URL = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/libtorch.zip`;
}

const notFound: Handler = (_request, response) => response.writeHead(404).end();

function filesUnder(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true, encoding: "utf8" })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

test("the official archive is unpacked into the cache, through a redirect", async () => {
  const inner = Object.entries({ ...libtorchFiles("2.13.0"), "bin/tool": "" });
  writeZip(
    join(folder(), "a.zip"),
    Object.fromEntries(inner.map(([name, text]) => [`libtorch/${name}`, text])),
  );
  await serve((request, response) => {
    if (request.url === "/libtorch.zip") response.writeHead(302, { location: "/moved.zip" }).end();
    else response.end(readFileSync(join(folder(), "a.zip")));
  });
  const found = await fetchLibtorch({ log });
  expect(found).toMatchObject({ version: "2.13.0", cuda: false, from: "download" });
  expect(found.path).toBe(join(folder(), "cache", "libtorch", "2.13.0-cpu", "torch"));
  expect(filesUnder(found.path)).toEqual(Object.keys(libtorchFiles("2.13.0")).sort());
  expect(readdirSync(join(folder(), "cache", "libtorch"))).toEqual(["2.13.0-cpu"]);
});

test("an archive that is not complete is not kept", async () => {
  writeZip(join(folder(), "a.zip"), { "libtorch/lib/nothing": "" });
  await serve((_request, response) => response.end(readFileSync(join(folder(), "a.zip"))));
  await expect(fetchLibtorch({ log })).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringContaining("the fetched libtorch is not complete"),
  });
  expect(readdirSync(join(folder(), "cache", "libtorch"))).toEqual([]);
});

test("a server that does not answer is left after 3 s with one line, for pip", async () => {
  await serve(() => {});
  const start = performance.now();
  await expect(fetchLibtorch({ log })).rejects.toMatchObject({
    code: "EENV",
    message: expect.stringContaining("pip could not download torch==2.13.0"),
  });
  expect(performance.now() - start).toBeGreaterThan(2_500);
  expect(lines[0]).toBe("the official archive is out of reach (no answer in 3 s); asking pip instead");
});

describeIf(process.platform === "linux", "the wheels of Linux")("from wheels", () => {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";

  function writeWheel(
    name: string,
    version: string,
    tag: string,
    files: Record<string, string>,
    needs: string[] = [],
  ) {
    const info = `${name}-${version}.dist-info`;
    const requires = needs.map((need) => `Requires-Dist: ${need}\n`).join("");
    writeZip(join(folder(), "wheels", `${name}-${version}-${tag}.whl`), {
      ...files,
      [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${requires}`,
      [`${info}/WHEEL`]: `Wheel-Version: 1.0\nTag: ${tag}\n`,
    });
  }

  beforeEach(async () => {
    await serve(notFound);
    const libtorch = Object.entries(libtorchFiles("2.13.0", { cuda: true }));
    writeWheel(
      "torch",
      "2.13.0",
      `cp311-cp311-manylinux_2_28_${machine}`,
      {
        ...Object.fromEntries(libtorch.map(([name, text]) => [`torch/${name}`, text])),
        "torch/__init__.py": "",
        "torch/lib/libgomp.so.1": "",
        "torch/lib/libtorch_python.so": "",
        "torch/lib/libc10_cuda.so": "",
        "torch.libs/libblas.so.3": "",
      },
      [
        "filelock",
        'cuda-toolkit[cudart,cupti,cublas]==13.0.3; platform_system == "Linux"',
        'nvidia-nccl-cu13==2.29; platform_system == "Linux"',
        'nvidia-windows-only==1; platform_system == "Windows"',
      ],
    );
    writeWheel("cuda_toolkit", "13.0.3", "py2.py3-none-any", {}, [
      "nvidia-cuda-runtime==13.0.96.*; extra == 'cudart'",
      "nvidia-cuda-cupti==13.0.85.*; extra == 'cupti'",
      "nvidia-cublas==13.1.1; extra == 'cublas'",
      "nvidia-npp==1; extra == 'npp'",
    ]);
    const lib = (name: string) => ({ [`nvidia/cu13/lib/${name}`]: "", "nvidia/cu13/include/a.h": "" });
    writeWheel("nvidia_cuda_runtime", "13.0.96", `py3-none-manylinux2014_${machine}`, lib("libcudart.so.13"));
    writeWheel("nvidia_cuda_cupti", "13.0.85", `py3-none-manylinux_2_25_${machine}`, {
      ...lib("libcupti.so.13"),
      ...lib("libnvperf_host.so"),
    });
    writeWheel("nvidia_cublas", "13.1.1", `py3-none-manylinux_2_27_${machine}`, lib("libcublas.so.13"));
    writeWheel("nvidia_nccl_cu13", "2.29", `py3-none-manylinux_2_18_${machine}`, lib("libnccl.so.2"));
  });

  const common = [
    "nvidia/cu13/lib/libcudart.so.13",
    "nvidia/cu13/lib/libcupti.so.13",
    "torch.libs/libblas.so.3",
    "torch/include/ATen/ATen.h",
    "torch/include/torch/headeronly/version.h",
    "torch/lib/libc10.so",
    "torch/lib/libgomp.so.1",
    "torch/lib/libtorch_cpu.so",
  ];

  test("the CPU's part of the torch wheel and the two libraries it is linked with are taken", async () => {
    const { path, cuda } = await fetchLibtorch({ log });
    expect(cuda).toBe(false);
    expect(filesUnder(join(path, ".."))).toEqual(common);
    expect(lines).toContain("downloading nvidia-cuda-cupti==13.0.85.* with pip");
  });

  test("with cuda, everything that computes is taken", async () => {
    const { path, cuda } = await fetchLibtorch({ cuda: true, log });
    expect(cuda).toBe(true);
    expect(filesUnder(join(path, ".."))).toEqual(
      [
        ...common,
        "nvidia/cu13/lib/libcublas.so.13",
        "nvidia/cu13/lib/libnccl.so.2",
        "nvidia/cu13/lib/libnvperf_host.so",
        "torch/lib/libc10_cuda.so",
        "torch/lib/libtorch_cuda.so",
      ].sort(),
    );
  });

  test("two setups at once both end with the whole folder", async () => {
    const found = await Promise.all([fetchLibtorch({ log }), fetchLibtorch({ log })]);
    expect(found[0]).toEqual(found[1]);
    expect(filesUnder(join(found[0].path, ".."))).toEqual(common);
    expect(readdirSync(join(folder(), "cache", "libtorch"))).toEqual(["2.13.0-cpu"]);
  });
});
