/* cmd_completion.c -- `pace completion`: the scripts of tools/completions, which are in the
 * program, and the answers to what they ask. */
#include "command.h"

#include "complete.h"

#include <string.h>

/* The bytes of a file as NAME[0..NAME_end). */
#define FILE_BYTES(name, path)                                                                     \
    extern const char name[], name##_end[];                                                        \
    __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" path "\"\n" #name                       \
            "_end:\n.byte 0\n.popsection\n")

FILE_BYTES(completion_bash, "tools/completions/pace.bash");
FILE_BYTES(completion_zsh, "tools/completions/_pace");
FILE_BYTES(completion_fish, "tools/completions/pace.fish");

static const struct {
    const char *shell, *from, *end;
} scripts[] = {
    {"bash", completion_bash, completion_bash_end},
    {"zsh", completion_zsh, completion_zsh_end},
    {"fish", completion_fish, completion_fish_end},
};

int cmd_completion(const struct arguments *arguments)
{
    const char *shell = arguments->operand_count > 0 ? arguments->operands[0] : "";
    if (strcmp(shell, "words") == 0) {
        int failed = complete_words(stdout, arguments->operand_count - 1, arguments->operands + 1);
        return failed ? STATUS_DATA : STATUS_OK;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (arguments->operand_count != 1 || strcmp(scripts[i].shell, shell) != 0) continue;
        fwrite(scripts[i].from, 1, (size_t)(scripts[i].end - scripts[i].from), stdout);
        return STATUS_OK;
    }
    return command_misused(arguments->command,
                           "`pace completion` takes the name of a shell: bash, zsh or fish");
}
