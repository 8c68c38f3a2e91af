#include "work.h"
enum result vm_answer(struct lane *lane, const struct step *step) { (void)lane; (void)step; return VM_NEXT; }
