"""The gate on the direction between folders, and who owns which call."""
from gate import ROOT, case, copy_tree, doctor, main, passes, refuses

GATE = 'gate-direction'


def doctored(folder, path, new, old=None):
    """A copy of the tree in which one file says something else."""
    copy_tree(folder, 'include', 'lib', 'src', 'examples')
    doctor(folder / path, old, new)
    return folder


def include(name):
    return f'\n#include {name}\n'


def call(text):
    return f'\nvoid doctored(void) {{\n  {text};\n}}\n'


@case
def the_tree_passes(folder):
    passes(GATE, ROOT)


@case
def comments_and_strings_do_not_count(folder):
    root = doctored(folder, 'lib/loop/loop.c', '''
/* #include "signal/slot.h" and
 * fork() are only talked about */
// #include <curl/curl.h>
static const char *text = "fork(); \\" waitpid(1)";
''')
    passes(GATE, root)


@case
def fields_and_longer_names_are_no_calls(folder):
    root = doctored(folder, 'lib/loop/loop.c',
                    call('x->fork(); x.wait(1); my_fork(); forked()'))
    passes(GATE, root)


@case
def base_knows_nothing_of_signal(folder):
    refuses(GATE, doctored(folder, 'lib/base/fd.c', include('"signal/slot.h"')),
            because='lib/base may not include "signal/slot.h"')


@case
def base_knows_nothing_of_public_signals(folder):
    root = doctored(folder, 'lib/base/fd.c', include('<belay/signal.h>'))
    refuses(GATE, root, because='lib/base knows nothing of <belay/signal.h>')


@case
def base_knows_nothing_of_libcs_signals(folder):
    refuses(GATE, doctored(folder, 'lib/base/fd.c', include('<signal.h>')),
            because='lib/base knows nothing of <signal.h>')


@case
def signal_does_not_know_loop(folder):
    root = doctored(folder, 'lib/signal/stream.c', include('"loop/source.h"'))
    refuses(GATE, root,
            because='lib/signal may not include "loop/source.h"')


@case
def a_header_of_the_library_says_its_folder(folder):
    refuses(GATE, doctored(folder, 'lib/base/fd.c', include('"clock.h"')),
            because='lib/base may not include "clock.h"')


@case
def the_way_up_and_round_is_closed(folder):
    root = doctored(folder, 'lib/signal/stream.c',
                    include('"base/../loop/source.h"'))
    refuses(GATE, root, because='lib/signal may not include')


@case
def a_new_folder_has_to_get_a_place_in_the_order(folder):
    root = doctored(folder, 'lib/base/fd.c', '')
    (root / 'lib' / 'another').mkdir()
    (root / 'lib' / 'another' / 'spawn.c').write_text('#include "base/fd.h"\n')
    refuses(GATE, root, because='lib/another may not include "base/fd.h"')


@case
def a_program_never_includes_of_the_library(folder):
    root = doctored(folder, 'src/get/get.c', include('"signal/slot.h"'))
    refuses(GATE, root, because='src/get may not include "signal/slot.h"')


@case
def a_program_does_not_know_another(folder):
    root = doctored(folder, 'src/belay/belay.c', include('"get/item.h"'))
    refuses(GATE, root, because='src/belay may not include "get/item.h"')


@case
def cli_does_not_know_its_programs(folder):
    root = doctored(folder, 'src/cli/term.c', include('"get/item.h"'))
    refuses(GATE, root, because='src/cli may not include "get/item.h"')


@case
def a_public_header_includes_no_private_one(folder):
    root = doctored(folder, 'include/belay/loop.h', include('"base/fd.h"'))
    refuses(GATE, root, because='include/belay may not include "base/fd.h"')


@case
def a_public_header_has_to_exist(folder):
    root = doctored(folder, 'src/get/get.c', include('<belay/absent.h>'))
    refuses(GATE, root, because='<belay/absent.h> is no public header')


@case
def libcurl_is_known_to_one_module(folder):
    root = doctored(folder, 'src/get/session.c', include('<curl/curl.h>'))
    refuses(GATE, root, because='curl/curl.h belongs to src/get/http.c')


@case
def sqlite_is_known_to_one_file(folder):
    root = doctored(folder, 'src/get/store.c', include('<sqlite3.h>'))
    refuses(GATE, root, because='sqlite3.h belongs to src/get/db.c')


@case
def sql_is_known_to_one_file(folder):
    root = doctored(folder, 'src/get/store.c', include('"db_sql.h"'))
    refuses(GATE, root, because='db_sql.h belongs to src/get/db.c')


@case
def a_linux_header_needs_a_file_with_a_twin(folder):
    root = doctored(folder, 'lib/loop/loop.c', include('<sys/epoll.h>'))
    refuses(GATE, root, because='<sys/epoll.h> is of Linux alone')


@case
def sigaction_has_few_owners(folder):
    root = doctored(folder, 'lib/signal/stream.c',
                    call('sigaction(1, &new, &old)'))
    refuses(GATE, root, because='calls sigaction(), which only '
            'lib/process/child.c, lib/process/dispositions.c, '
            'lib/process/inherited.c, lib/signal/default.c, '
            'lib/signal/registry.c may')


@case
def sigaction_is_not_for_programs(folder):
    root = doctored(folder, 'src/get/force.c', call('sigaction(1, &new, 0)'))
    refuses(GATE, root, because='calls sigaction(), which nobody may')


@case
def the_clock_is_read_in_one_file(folder):
    root = doctored(folder, 'lib/loop/timer.c', call('clock_gettime(0, &now)'))
    refuses(GATE, root, because='calls clock_gettime(), which only '
            'lib/base/clock.c may')


@case
def a_call_in_a_macro_counts(folder):
    root = doctored(folder, 'lib/loop/timer.c',
                    '\n#define NOW(t) \\\n  clock_gettime(0, t)\n')
    refuses(GATE, root, because='calls clock_gettime()')


@case
def fork_has_one_owner(folder):
    root = doctored(folder, 'lib/loop/loop.c', call('if (fork () == 0) go()'))
    refuses(GATE, root, because='calls fork(), which only '
            'lib/process/make_child_fork.c may')


@case
def only_the_dispatcher_executes(folder):
    root = doctored(folder, 'src/get/get.c', call('execv(name, argv)'))
    refuses(GATE, root, because='calls execv(), which only '
            'src/belay/belay.c may')


@case
def the_library_does_not_print(folder):
    root = doctored(folder, 'lib/loop/loop.c', call('fprintf(stderr, "x")'))
    refuses(GATE, root, because='calls fprintf(), which nobody may')


@case
def the_line_is_named(folder):
    copy_tree(folder, 'include', 'lib', 'src')
    path = folder / 'lib' / 'base' / 'fd.c'
    path.write_text('/* two\n * lines */\n#include "loop/source.h"\n')
    refuses(GATE, folder, because='lib/base/fd.c:3: ')


main()
