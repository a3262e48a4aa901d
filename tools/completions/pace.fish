# Completion of pace for fish. Load it with: pace completion fish | source
# or put it into ~/.config/fish/completions. `pace completion words` knows all.

function __pace_complete
    set -l before (commandline -opc)
    set -l token (commandline -ct)
    # The word being typed, without its quote: fish puts it back.
    set -l word (string replace -r '^[\'"]' '' -- $token | string collect)
    set -l answer ($before[1] completion words -- $before[2..-1] "$word" 2>/dev/null)
    set -l how (string split ' ' -- $answer[1])
    set -e answer[1]
    if test "$how[1]" = command
        set -l from (math $how[2] + 2)
        set -l rest $before[$from..-1] $token
        complete -C (string join ' ' -- $rest)
        return
    end
    for line in $answer
        echo $line
    end
    set -l prefix ''
    string match -q -- '--*=' "$how[-1]"; and set prefix $how[-1]
    set -l path (string replace -- "$prefix" '' "$word")
    switch "$how[1]"
        case files
            printf "$prefix%s\n" (__fish_complete_path "$path")
        case directories
            printf "$prefix%s\n" (__fish_complete_directories "$path" '')
    end
end
complete -c pace -f -a '(__pace_complete)'
