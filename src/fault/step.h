/*
 * step.h: the vocabulary of faults, one table of it.
 *
 * A fault is a list of items, separated by `;`.  Each has the form
 *
 *   name[@position][:argument[,argument]]
 *
 * and is of one of five classes: WHEN it applies at all, what the LISTENer
 * does, a STEP of the conversation, the PACE of what is sent, or what is wrong
 * with the RESPONSE to a request.  The table drives the parser, the help, and
 * what is printed back; the compiler (compile.c) makes of the items what a
 * connection executes, which is a list of steps again.
 */
#ifndef FAULT_STEP_H
#define FAULT_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum step_class {
  CLASS_WHEN,
  CLASS_LISTEN,
  CLASS_STEP,
  CLASS_PACE,
  CLASS_RESPONSE,
};

enum step_op {
  /* WHEN */
  OP_CHANCE,
  OP_CONNECTION,
  OP_REQUEST,
  OP_TIME,
  OP_PATH,
  OP_CLIENT,
  OP_UP,
  OP_DOWN,
  /* LISTEN */
  OP_REFUSED,
  OP_NEVER_ACCEPT,
  OP_FULL_BACKLOG,
  OP_DROP_SYN,
  OP_LIMIT,
  OP_TLS,
  /* STEP */
  OP_READ,
  OP_READ_HEAD,
  OP_READ_LINE,
  OP_READ_UNTIL,
  OP_READ_ALL,
  OP_SEND,
  OP_GARBAGE,
  OP_FLOOD,
  OP_WAIT,
  OP_HOLD,
  OP_RST,
  OP_FIN,
  OP_CLOSE,
  OP_HALF_CLOSE,
  OP_VANISH,
  OP_LOSS,
  OP_CORRUPT,
  OP_ANSWER,
  OP_ECHO,
  OP_RELAY,
  OP_AGAIN,
  /* PACE */
  OP_RATE,
  OP_DRIP,
  OP_SLICE,
  OP_LATENCY,
  /* RESPONSE */
  OP_STATUS,
  OP_TYPE,
  OP_HEADER,
  OP_BODY,
  OP_NO_BODY,
  OP_LENGTH,
  OP_CHUNKED,
  OP_SLOW_HEAD,
  OP_LONG_HEADER,
  OP_ENDLESS_HEAD,
  OP_ENDLESS_BODY,
  OP_LF_ONLY,
  OP_INTERIM,
  OP_EARLY,
  OP_TWICE,
  OP_RANGE,
  OP_ETAG,
  OP_CHANGE,
  OP_GZIP,
  OP_RETRY_AFTER,
  OP_REDIRECT,
  OP_DISPOSITION,
  /* Made by the compiler alone. */
  OP_ALARM, /* at `position` ns run the next step, wherever we are */
  OP_NEXT,  /* the answer is over: on with the conversation */
  OP_COUNT
};

/* What an argument is; its value is in the fields that are named here. */
enum argument {
  ARG_NONE,
  ARG_SIZE,    /* 64k: a */
  ARG_TIME,    /* 30s: a, ns */
  ARG_SIZES,   /* 1k~100: a, spread */
  ARG_SPREAD,  /* 50ms~10ms: a, b, ns */
  ARG_TIMES,   /* 10s-20s: a, b, ns; b is INT64_MAX if left out */
  ARG_PERCENT, /* 2.5%: a, millionths */
  ARG_NUMBER,  /* 503: a */
  ARG_SPAN,    /* 3 or 3-5 or 3-: a, b */
  ARG_TEXT,    /* text, length */
  ARG_DATA,    /* a size, or a "text" */
  ARG_LENGTH,  /* +10, -10, 10, or a word: a, word */
  ARG_WORD,    /* one of the form's: word */
  ARG_AFTER,   /* a time, or a word: a, word */
  ARG_PERIOD,  /* after a size, 100ms: b, ns */
};

enum position_kind {
  AT_NONE,
  AT_BYTE,    /* 4096: bytes sent, headers included */
  AT_BODY,    /* body+100: bytes of the body */
  AT_PERCENT, /* 50%: of the body, in millionths */
  AT_TIME,    /* 5s: since the connection began, ns */
  AT_TEXT,    /* "text": once it has passed */
};

/* Where the bytes of OP_SEND come from; made by the compiler. */
enum send_source {
  SEND_PATTERN, /* generated; `seed`, offset `b` */
  SEND_TEXT,    /* `text`, of `length` bytes, over and over, from offset `b` */
  SEND_FILE,    /* the program's file, from offset `b` */
  SEND_RANDOM,  /* noise of `seed`, offset `b` */
};

#define NO_WORD 0xff
#define ENDLESS (-1)

struct step {
  uint8_t op;     /* enum step_op */
  uint8_t form;   /* its place in the table of forms */
  uint8_t at;     /* enum position_kind */
  uint8_t word;   /* which of the form's words, or NO_WORD */
  uint8_t source; /* enum send_source */
  bool flip;      /* SEND, RELAY: every bit of it is turned */
  bool has_argument;
  bool is_body;    /* SEND: of a response, behind its head */
  uint32_t length; /* of `text` */
  uint32_t spread;
  int64_t position;
  int64_t a, b;
  uint64_t seed;
  const char *text; /* belongs to the program */
};

/* One way of writing something. */
struct form {
  const char *name;
  enum step_op op;
  enum step_class class;
  enum argument argument, second;
  bool is_optional;  /* the first argument may be left out */
  bool takes_at;     /* a position may be given */
  const char *shown; /* its arguments, for people */
  const char *words; /* "a b c" of ARG_WORD and its kin, or NULL */
  const char *help;
};

extern const struct form step_forms[];
extern const size_t step_form_count;

/* The form called so, or NULL. */
const struct form *step_find(const char *name, size_t length);
/* A step of that op with nothing said about it, as the compiler needs. */
struct step step_make(enum step_op op);
enum step_class step_class(const struct step *step);
/* The `index`-th word of a form, in `text`. */
const char *step_word(const struct form *form, unsigned index, char text[32]);

/* How it is written: "rst[@POSITION][:TIME]", in `text`. */
#define FORM_USAGE_BYTES 256
const char *form_usage(const struct form *form, char text[FORM_USAGE_BYTES]);

/* All forms, a line each, for --help-faults; to be freed. */
char *step_help(void);

#endif
