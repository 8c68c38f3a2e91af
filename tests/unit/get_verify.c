/* get_verify.c: checksums of files of every size, and of none. */
#include "get/verify.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "harness/harness.h"

#define STEP (256 * 1024)

/* What pread() does, once: with fail_with set it fails, with most_bytes it
 * gives so many at the most; the stop flag is set at that many reads. */
static int fail_with, fail_count;
static size_t most_bytes;
static int reads, stop_at = -1; /* the harness reads too: begin with 0 */
static atomic_bool stop;

ssize_t pread(int fd, void *buffer, size_t size, off_t at) {
  reads++;
  if (reads == stop_at)
    atomic_store(&stop, true);
  if (fail_count > 0) {
    fail_count--;
    errno = fail_with;
    return -1;
  }
  if (most_bytes > 0 && size > most_bytes)
    size = most_bytes;
  return syscall(SYS_pread64, fd, buffer, size, at);
}

static int make(const char *bytes, size_t size) {
  char path[512];
  snprintf(path, sizeof(path), "%s/file", test_dir());
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHECK(fd >= 0);
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    CHECK(n > 0);
    bytes += n;
    size -= (size_t)n;
  }
  return fd;
}

static void check_sum(const char *bytes, size_t size, const char *expected) {
  char hex[VERIFY_HEX_BYTES] = "";
  int fd = make(bytes, size);
  CHECK_OK(verify_sha256(fd, NULL, hex));
  CHECK_STR(hex, expected);
  close(fd);
}

/* As coreutils' sha256sum has them. */
TEST(known_sums) {
  check_sum("", 0,
            "e3b0c44298fc1c149afbf4c8996fb924"
            "27ae41e4649b934ca495991b7852b855");
  check_sum("abc", 3,
            "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad");
}

static const char million_a[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(a_file_of_several_steps) {
  char *bytes = malloc(1000000);
  memset(bytes, 'a', 1000000);
  check_sum(bytes, 1000000, million_a);
  free(bytes);
}

TEST(short_reads_and_interruptions_do_not_matter) {
  char *bytes = malloc(1000000);
  memset(bytes, 'a', 1000000);
  most_bytes = 4093;
  fail_with = EINTR;
  fail_count = 3;
  check_sum(bytes, 1000000, million_a);
  free(bytes);
}

TEST(it_reads_from_the_start_and_leaves_the_position) {
  char hex[VERIFY_HEX_BYTES];
  int fd = make("abc", 3);
  CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
  CHECK_OK(verify_sha256(fd, NULL, hex));
  CHECK(strncmp(hex, "ba7816bf", 8) == 0);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 2);
  close(fd);
}

TEST(errors_of_reading_are_told) {
  static const int errors[] = {EIO, ESTALE, EACCES};
  char hex[VERIFY_HEX_BYTES] = "untouched";
  int fd = make("abc", 3);
  for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
    fail_with = errors[i];
    fail_count = 1;
    CHECK_ERR(verify_sha256(fd, NULL, hex), -errors[i]);
    CHECK_STR(hex, "untouched");
  }
  close(fd);
}

TEST(what_is_no_file_is_an_error) {
  char hex[VERIFY_HEX_BYTES];
  int fds[2];
  CHECK_ERR(verify_sha256(-1, NULL, hex), -EBADF);
  int fd = open(test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK_ERR(verify_sha256(fd, NULL, hex), -EISDIR);
  close(fd);
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  CHECK_ERR(verify_sha256(fds[0], NULL, hex), -ESPIPE);
  close(fds[0]);
  close(fds[1]);
}

TEST(a_stop_that_was_asked_for_before_reads_nothing) {
  char hex[VERIFY_HEX_BYTES];
  int fd = make("abc", 3);
  atomic_store(&stop, true);
  reads = 0;
  CHECK_ERR(verify_sha256(fd, &stop, hex), -ECANCELED);
  CHECK_EQ(reads, 0);
  atomic_store(&stop, false);
  CHECK_OK(verify_sha256(fd, &stop, hex));
  close(fd);
}

TEST(a_stop_in_the_middle_ends_it_after_that_step) {
  char hex[VERIFY_HEX_BYTES] = "untouched";
  char *bytes = calloc(1, 8 * STEP);
  int fd = make(bytes, 8 * STEP);
  reads = 0;
  stop_at = 3;
  CHECK_ERR(verify_sha256(fd, &stop, hex), -ECANCELED);
  CHECK_EQ(reads, 3);
  CHECK_STR(hex, "untouched");
  close(fd);
  free(bytes);
}
