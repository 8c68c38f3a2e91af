/*
 * message.h: one line to stderr: who says it, what, where, what to do.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

/* "belay get": what each message begins with. */
void message_set_program(const char *name);

/* Writes "program: text" as one line in one write; control characters are
 * made visible and errno is kept. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Is called before each message: whoever has something on the screen takes it
 * away.  NULL: nobody. */
void message_set_before(void (*before)(void));

#endif
