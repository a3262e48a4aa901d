/* main.c -- the `pace` command. */
#include "command.h"
#include "guard.h"

#include <signal.h>

int main(int argc, char **argv)
{
    /* A reader that went away (`pace run | head`) is an error of one write, not the end of a run
     * that is still to be stored. */
    signal(SIGPIPE, SIG_IGN);
    guard_begin();
    return command_main(argc, argv);
}
