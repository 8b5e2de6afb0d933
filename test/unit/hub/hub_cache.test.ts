import { parseRepoId } from "../../../lib/hub/hub_cache.ts";

const longest = "x".repeat(96);

test.each([
  ["name", "name", "main"],
  ["org/name", "org/name", "main"],
  ["org/name@v2", "org/name", "v2"],
  ["name@refs/convert/parquet", "name", "refs/convert/parquet"],
  ["Foo-BAR_foo.bar123", "Foo-BAR_foo.bar123", "main"],
  ["_a_", "_a_", "main"],
  ["a", "a", "main"],
  ["a.git/b", "a.git/b", "main"],
  [`${longest}/${longest}`, `${longest}/${longest}`, "main"],
])("%s is a name for Python and here", (id, name, revision) => {
  expect(parseRepoId("model", id)).toEqual({ type: "model", name, revision });
});

test.each([
  "",
  "/a",
  "a/",
  "a/b/c",
  "-a",
  "a-",
  "o-/a",
  ".a",
  "a.",
  "..",
  "a..b",
  "a--b",
  "o--p/a",
  "a.git",
  "é",
  "a b",
  `${longest}x`,
  `o/${longest}x`,
])("%j is no name for Python, nor here", (id) => {
  expect(parseRepoId("model", id)).toBeUndefined();
});

test.each(["", "..", "../x", "a//b", "/a", "a/."])("%j is no revision", (revision) => {
  expect(parseRepoId("model", `name@${revision}`)).toBeUndefined();
});
