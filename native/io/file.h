#pragma once

#include <cstdint>
#include <string>

namespace torchner {

/** Refuses a NUL, at which the system would stop reading and take another file. Throws kArgument. */
void CheckPath(const std::string& path);

/** A file descriptor that closes itself. Failures are kIo errors naming the path and the system's reason. */
class File {
 public:
  static File OpenForReading(const std::string& path);
  /** Creates or empties the file. */
  static File Create(const std::string& path);

  ~File();
  File(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File& operator=(File&&) = delete;

  uint64_t Size() const;
  /** All of it or an error. */
  void ReadAt(uint64_t offset, void* to, uint64_t size) const;
  void Write(const void* from, uint64_t size);
  /** Until the bytes are on the disk. */
  void Sync();

 private:
  File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

/** Renames over `to` in one step and makes the folder remember it. */
void ReplaceFile(const std::string& from, const std::string& to);

}  // namespace torchner
