/*
 * utf8.h: text that came from somewhere else, made fit for a terminal.
 */
#ifndef CLI_UTF8_H
#define CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length in bytes of the well-formed character at `text`, of which there
 * are `size` bytes, and its code point; 0 if it is none. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret_code);

/* C0, DEL, C1, line separators, and the marks that turn the direction of text:
 * nothing that a terminal or a reader should be given. */
bool utf8_is_control(uint32_t code);

/*
 * Copies `text` into `into` of `size` bytes, with '?' for each control and each
 * byte that is no UTF-8, and cut, with an ellipsis, to `columns` of a terminal
 * (0: not cut).  The columns that it takes.
 */
size_t utf8_fit(const char *text, char *into, size_t size, size_t columns);

/* The same for where columns do not matter: cut to the size alone. */
void utf8_safe(const char *text, char *into, size_t size);

#endif
