# For tools that build addons through gyp: this target compiles nothing itself. cmake-js does the work from
# CMakeLists.txt, since libtorch comes with CMake in mind and the tokenizer is a Rust crate.
#
# The name is not binding.gyp, and package.json says "gypfile": false, on purpose: npm runs node-gyp by itself
# where it sees a binding.gyp, and torchner has no install script. `npx torchner setup` builds it.
{
  "targets": [
    {
      "target_name": "torchner",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake_js",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["build/Release/torchner.node"],
          "action": ["node", "third_party/build_native.mjs"],
        }
      ],
    }
  ]
}
