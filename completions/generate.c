/*
 * generate.c: writes the completion scripts into a directory: bash's as
 * "belay", zsh's as "_belay" and fish's as "belay.fish", the names by which
 * the shells look for them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/completion.h"
#include "programs.h"

static int generate(const char *shell, const char *directory,
                    const char *name) {
  char path[4096];
  char *text = cli_completion(programs, shell);
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  FILE *file = text != NULL ? fopen(path, "we") : NULL;
  int error = file == NULL || fputs(text, file) < 0 ? -1 : 0;
  if (file != NULL && fclose(file) != 0)
    error = -1;
  free(text);
  if (error < 0)
    perror(path);
  return error;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fputs("usage: generate_completions DIRECTORY\n", stderr);
    return 2;
  }
  int error = generate("bash", argv[1], "belay");
  error |= generate("zsh", argv[1], "_belay");
  error |= generate("fish", argv[1], "belay.fish");
  return error == 0 ? 0 : 1;
}
