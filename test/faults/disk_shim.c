/*
 * A disk that fails on demand, preloaded into a run: it counts what changes files below FAULT_DIR, lets operation
 * FAULT_AT fail as FAULT_KIND says, and writes every operation with its bytes to FAULT_TRACE, from which a test makes
 * the disk that a loss of power would have left. When the process ends by itself, FAULT_COUNT gets the number of operations.
 *
 * Kinds: enospc (this one and all that need room after it), eio, eacces, short (half is written, the rest fails as on a
 * full disk), torn (half is written and the process is killed), kill (killed before it).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FD 4096
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MAX_FD];
static const char *dir, *kind;
static size_t dir_length;
static long at = -1, count = 0;
static int full = 0, trace = -1;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
  dir = getenv("FAULT_DIR");
  kind = getenv("FAULT_KIND");
  if (getenv("FAULT_AT")) at = atol(getenv("FAULT_AT"));
  if (dir) dir_length = strlen(dir);
  if (getenv("FAULT_TRACE")) trace = REAL(open)(getenv("FAULT_TRACE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

__attribute__((destructor)) static void end(void) {
  if (!getenv("FAULT_COUNT")) return;
  int fd = REAL(open)(getenv("FAULT_COUNT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  dprintf(fd, "%ld", count);
  REAL(close)(fd);
}

/* The path itself if it lies below the folder; relative ones are made absolute. */
static const char *below(const char *path, char *room) {
  if (!dir || !path) return NULL;
  if (path[0] != '/') {
    if (!getcwd(room, PATH_MAX)) return NULL;
    strncat(room, "/", PATH_MAX - strlen(room) - 1);
    strncat(room, path, PATH_MAX - strlen(room) - 1);
    path = room;
  }
  return strncmp(path, dir, dir_length) == 0 && (path[dir_length] == '/' || !path[dir_length]) ? path : NULL;
}

static const char *path_of(int fd) { return fd >= 0 && fd < MAX_FD ? paths[fd] : NULL; }

enum fate { PASS, FAIL, HALF, TORN };

/* Decides what becomes of the next operation; called with the lock held. */
static enum fate next(int needs_room, int is_write) {
  count++;
  if (full && needs_room) {
    errno = ENOSPC;
    return FAIL;
  }
  if (count != at || !kind) return PASS;
  if (!strcmp(kind, "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(kind, "enospc")) {
    full = 1;
    errno = ENOSPC;
    return needs_room ? FAIL : PASS;
  }
  if (!strcmp(kind, "short") && is_write) {
    full = 1;
    return HALF;
  }
  if (!strcmp(kind, "torn") && is_write) return TORN;
  if (!strcmp(kind, "torn")) kill(getpid(), SIGKILL);
  errno = !strcmp(kind, "eacces") ? EACCES : EIO;
  return FAIL;
}

/* One line of the trace, and behind it the bytes of a write. */
static void note(const char *what, const char *path, const char *to, off_t offset, const void *bytes, size_t size) {
  if (trace < 0) return;
  char line[3 * PATH_MAX];
  int length = snprintf(line, sizeof line, "%s\t%s\t%s\t%lld\t%zu\n", what, path, to ? to : "", (long long)offset, size);
  ssize_t done = REAL(write)(trace, line, length);
  if (size > 0) done = REAL(write)(trace, bytes, size);
  (void)done;
}

static int opened(int fd, const char *path, int flags) {
  if (fd < 0 || fd >= MAX_FD) return fd;
  paths[fd] = strdup(path);
  if (flags & (O_CREAT | O_TRUNC)) note(flags & O_TRUNC ? "truncate" : "create", path, NULL, 0, NULL, 0);
  return fd;
}

static int do_open(const char *name, const char *path, int flags, mode_t mode) {
  int (*next_open)(const char *, int, ...) = (int (*)(const char *, int, ...))real(name);
  char room[PATH_MAX];
  const char *found = below(path, room);
  if (!found) return next_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  int fd = next((flags & O_CREAT) != 0, 0) == PASS ? opened(next_open(path, flags, mode), found, flags) : -1;
  pthread_mutex_unlock(&lock);
  return fd;
}

#define OPEN(name)                                   \
  int name(const char *path, int flags, ...) {       \
    va_list rest;                                    \
    va_start(rest, flags);                           \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                    \
    return do_open(#name, path, flags, mode);        \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (path_of(fd)) {
    free(paths[fd]);
    paths[fd] = NULL;
  }
  pthread_mutex_unlock(&lock);
  return REAL(close)(fd);
}

/* Writes one piece, or half of it; `offset` -1: where the file stands. */
static ssize_t do_write(int fd, const void *bytes, size_t size, off_t offset) {
  pthread_mutex_lock(&lock);
  ssize_t done = -1;
  enum fate fate = next(1, 1);
  if (fate != FAIL) {
    size_t part = fate == PASS ? size : size / 2;
    off_t from = offset >= 0 ? offset : lseek(fd, 0, SEEK_CUR);
    done = offset >= 0 ? REAL(pwrite64)(fd, bytes, part, offset) : REAL(write)(fd, bytes, part);
    if (done > 0) note("write", path_of(fd), NULL, from, bytes, done);
    if (fate == TORN) kill(getpid(), SIGKILL);
  }
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  return path_of(fd) ? do_write(fd, bytes, size, -1) : REAL(write)(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  return path_of(fd) ? do_write(fd, bytes, size, offset) : REAL(pwrite64)(fd, bytes, size, offset);
}

/* A short write of the first piece is a legal answer to a vector. */
ssize_t writev(int fd, const struct iovec *pieces, int number) {
  if (!path_of(fd) || number == 0) return REAL(writev)(fd, pieces, number);
  return do_write(fd, pieces[0].iov_base, pieces[0].iov_len, -1);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int number, off64_t offset) {
  if (!path_of(fd) || number == 0) return REAL(pwritev64)(fd, pieces, number, offset);
  return do_write(fd, pieces[0].iov_base, pieces[0].iov_len, offset);
}

static int do_sync(const char *name, int fd) {
  int (*next_sync)(int) = (int (*)(int))real(name);
  if (!path_of(fd)) return next_sync(fd);
  pthread_mutex_lock(&lock);
  int result = next(0, 0) == PASS ? next_sync(fd) : -1;
  if (result == 0) note("sync", path_of(fd), NULL, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return do_sync("fsync", fd); }
int fdatasync(int fd) { return do_sync("fdatasync", fd); }

static int do_pair(const char *name, const char *from, const char *to) {
  int (*next_pair)(const char *, const char *) = (int (*)(const char *, const char *))real(name);
  char room[PATH_MAX], other[PATH_MAX];
  const char *a = below(from, room), *b = below(to, other);
  if (!a || !b) return next_pair(from, to);
  pthread_mutex_lock(&lock);
  int result = next(1, 0) == PASS ? next_pair(from, to) : -1;
  if (result == 0) note(name, a, b, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int rename(const char *from, const char *to) { return do_pair("rename", from, to); }
int link(const char *from, const char *to) { return do_pair("link", from, to); }

int mkdir(const char *path, mode_t mode) {
  char room[PATH_MAX];
  const char *found = below(path, room);
  if (!found) return REAL(mkdir)(path, mode);
  pthread_mutex_lock(&lock);
  int result = next(1, 0) == PASS ? REAL(mkdir)(path, mode) : -1;
  if (result == 0) note("mkdir", found, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

static int do_remove(const char *name, const char *path) {
  int (*next_remove)(const char *) = (int (*)(const char *))real(name);
  char room[PATH_MAX];
  const char *found = below(path, room);
  if (!found) return next_remove(path);
  pthread_mutex_lock(&lock);
  int result = next(0, 0) == PASS ? next_remove(path) : -1;
  if (result == 0) note("remove", found, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int unlink(const char *path) { return do_remove("unlink", path); }
int rmdir(const char *path) { return do_remove("rmdir", path); }
int remove(const char *path) { return do_remove("remove", path); }
