#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "core/error.h"

namespace torchner {
namespace {

[[noreturn]] void Fail(const std::string& path, const char* doing) {
  const int reason = errno;
  std::string message = path + ": cannot " + doing + ": " + std::strerror(reason);
  struct statvfs space;
  if (reason == ENOSPC && statvfs(std::filesystem::absolute(path).parent_path().c_str(), &space) == 0) {
    message += " (" + std::to_string(static_cast<uint64_t>(space.f_bavail) * space.f_frsize) +
               " bytes free); free some space and try again";
  }
  throw Error(ErrorCode::kIo, message + ".");
}

}  // namespace

void CheckPath(const std::string& path) {
  if (path.find('\0') != std::string::npos) throw Error(ErrorCode::kArgument, "path: holds a NUL character.");
}

File File::OpenForReading(const std::string& path) {
  CheckPath(path);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) Fail(path, "open");
  return File(descriptor, path);
}

File File::Create(const std::string& path) {
  CheckPath(path);
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) Fail(path, "create");
  return File(descriptor, path);
}

File::File(File&& other) noexcept : descriptor_(other.descriptor_), path_(std::move(other.path_)) {
  other.descriptor_ = -1;
}

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

uint64_t File::Size() const {
  struct stat info;
  if (fstat(descriptor_, &info) != 0) Fail(path_, "read the size");
  return static_cast<uint64_t>(info.st_size);
}

void File::ReadAt(uint64_t offset, void* to, uint64_t size) const {
  char* out = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = pread(descriptor_, out, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) Fail(path_, "read");
    if (got == 0) throw Error(ErrorCode::kIo, path_ + ": became shorter while it was read.");
    out += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<uint64_t>(got);
  }
}

void File::Write(const void* from, uint64_t size) {
  const char* in = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t written = write(descriptor_, in, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail(path_, "write");
    in += written;
    size -= static_cast<uint64_t>(written);
  }
}

void File::Sync() {
  if (fsync(descriptor_) != 0) Fail(path_, "sync");
}

void ReplaceFile(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) Fail(to, "replace");
  const std::string parent = std::filesystem::absolute(to).parent_path().string();
  const int folder = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) Fail(parent, "open the folder");
  const int synced = fsync(folder);
  close(folder);
  if (synced != 0) Fail(parent, "sync the folder");
}

}  // namespace torchner
