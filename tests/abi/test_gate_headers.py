"""The gate on headers that stand alone."""
from gate import case, copy_tree, doctor, main, passes, refuses

GATE = 'gate-headers'
QUICK = ['--cc=gcc', '--cxx=g++']


def doctored(folder, path, old, new):
    copy_tree(folder, 'include')
    doctor(folder / 'include' / 'belay' / path, old, new)
    return folder / 'include'


@case
def every_header_passes_with_every_compiler(folder):
    passes(GATE)


@case
def a_header_that_needs_another_is_refused(folder):
    include = doctored(folder, 'channel.h', '#include <stddef.h>', '')
    doctor(include / 'belay' / 'channel.h', '#include <stdint.h>', '')
    refuses(GATE, *QUICK, include, because='belay/channel.h: gcc -std=c99:')


@case
def a_header_without_a_guard_is_refused(folder):
    include = doctored(folder, 'cancel.h', '#ifndef BELAY_CANCEL_H', '#if 1')
    refuses(GATE, *QUICK, include, because='belay/cancel.h: gcc -std=c99:')


@case
def c11_is_refused_in_c99(folder):
    include = doctored(folder, 'version.h', 'const char *belay_v',
                       '_Static_assert(1, "");\nconst char *belay_v')
    refuses(GATE, *QUICK, include, because='belay/version.h: gcc -std=c99:')


@case
def an_extension_is_refused(folder):
    include = doctored(folder, 'version.h', 'const char *belay_v',
                       'struct belay_empty {};\nconst char *belay_v')
    refuses(GATE, *QUICK, include, because='belay/version.h: gcc -std=c11:')


@case
def a_word_of_cplusplus_is_refused(folder):
    include = doctored(folder, 'loop.h', 'int belay_loop_fd(',
                       'int belay_loop_delete(int delete);\n'
                       'int belay_loop_fd(')
    refuses(GATE, *QUICK, include, because='belay/loop.h: g++ -std=c++11:')


@case
def what_needs_a_feature_macro_is_refused(folder):
    include = doctored(folder, 'signal.h', 'struct belay_stream;',
                       'struct belay_stream;\nstruct belay_set {\n'
                       '  sigset_t signals;\n};')
    refuses(GATE, *QUICK, include, because='belay/signal.h: gcc -std=c99:')


@case
def missing_c_linkage_is_refused(folder):
    include = doctored(folder, 'version.h', 'extern "C" {',
                       'namespace belay_version_h {}')
    doctor(include / 'belay' / 'version.h', '#ifdef __cplusplus\n}',
           '#if 0\n}')
    refuses(GATE, *QUICK, include,
            because='belay_version has no C linkage in C++')


@case
def a_header_of_linux_is_refused(folder):
    include = doctored(folder, 'loop.h', '#include <stdint.h>',
                       '#include <stdint.h>\n#include <sys/epoll.h>')
    refuses(GATE, *QUICK, include,
            because='<sys/epoll.h> is more than an interface may need')


@case
def a_foreign_macro_is_refused(folder):
    include = doctored(folder, 'loop.h', '#define BELAY_FD_READ',
                       '#define FD_READ 1\n#define BELAY_FD_READ')
    refuses(GATE, *QUICK, include, because='defines FD_READ, not BELAY_')


@case
def a_foreign_enumerator_is_refused(folder):
    include = doctored(folder, 'cancel.h', '  BELAY_CANCEL_ASKED',
                       '  ASKED = 3,\n  BELAY_CANCEL_ASKED')
    refuses(GATE, *QUICK, include, because='defines ASKED, not BELAY_')


@case
def a_foreign_function_is_refused(folder):
    include = doctored(folder, 'loop.h', 'int belay_loop_fd(',
                       'int loop_helper(int n);\nint belay_loop_fd(')
    refuses(GATE, *QUICK, include, because='declares loop_helper, not belay_')


@case
def no_headers_at_all_are_noticed(folder):
    refuses(GATE, *QUICK, folder, because='there are no headers')


main()
