/* A program that has the whole screen: Ctrl-Z and `fg`, a window of another
 * size, and an end by a signal all leave the terminal as it should be.  Signals
 * are events, so what they need (printing, tcsetattr()) may simply be done. */
#include <belay/belay.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static char last = '-';

/* tcsetattr() first: in the background it stops us before anything is drawn. */
static void enter(void) {
  struct termios ours = before;
  ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &ours);
  printf("\033[?1049h\033[?25l"); /* the other screen, without a cursor */
}

static void leave(void) {
  printf("\033[?25h\033[?1049l");
  fflush(stdout);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void draw(void) {
  struct winsize size = {.ws_row = 0};
  ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  printf("\033[H\033[2J%d columns, %d rows\r\n", size.ws_col, size.ws_row);
  printf("last key: %c\r\n", last);
  printf("\033[%d;1Hq quits, Ctrl-Z stops", size.ws_row);
  fflush(stdout);
}

/* The signal by which it is to end, or 0. */
static int on_signal(struct belay_loop *loop, int signo) {
  switch (signo) {
    case SIGTSTP:
      leave();
      belay_loop_stop(loop, SIGTSTP, 0); /* returns with `fg` */
      /* fall through */
    case SIGCONT: /* perhaps after a SIGSTOP, which nobody can catch */
      enter();
      /* fall through */
    case SIGWINCH:
      return 0;
    default:
      return signo;
  }
}

int main(void) {
  const int signals[] = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT,
                         SIGTSTP, SIGCONT, SIGWINCH, 0};
  struct belay_loop *loop;
  struct belay_event event;
  int ended_by = 0;
  if (tcgetattr(STDIN_FILENO, &before) < 0 || belay_loop_new(&loop) < 0 ||
      belay_loop_add_signals(loop, signals, 0, NULL, NULL) < 0 ||
      belay_loop_add_fd(loop, STDIN_FILENO, BELAY_FD_READ, NULL, NULL) < 0)
    return 1;
  enter();
  draw();
  while (last != 'q' && ended_by == 0 &&
         belay_loop_next(loop, -1, &event) > 0) {
    if (event.type == BELAY_EVENT_SIGNAL)
      ended_by = on_signal(loop, event.signal.signo);
    else if (event.type == BELAY_EVENT_FD && read(STDIN_FILENO, &last, 1) <= 0)
      last = 'q'; /* the terminal is gone */
    draw();
  }
  leave();
  belay_loop_free(loop);
  return ended_by != 0 && belay_signal_default(ended_by) < 0;
}
