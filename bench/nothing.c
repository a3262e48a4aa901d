/* nothing.c -- a program that does nothing, linked as the command is: the floor of what a process
 * costs. */
int main(void)
{
    return 0;
}
