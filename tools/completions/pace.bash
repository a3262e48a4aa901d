# Completion of pace for bash. Load it with: eval "$(pace completion bash)"
# `pace completion words` knows all; here its words are brought together and its answer is offered.

# Bash breaks a word at ':' and '='. This puts the pieces together again, without their quotes, as
# far as the cursor: in _pace_words; _pace_typed is the last as it stands on the line.
_pace_split() {
    local line=${COMP_LINE:0:COMP_POINT} piece rest word='' quote='' c i
    _pace_words=() _pace_typed=''
    rest=${line#"${line%%[![:space:]]*}"}
    # The words before this command (as in `a | pace ...`) are not in COMP_WORDS.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        [[ $i = 0 ]] && rest=$piece${rest#*"$piece"}
        while [[ $rest = [[:space:]]* ]]; do
            [[ -n $_pace_typed ]] && _pace_words+=("$word")
            rest=${rest:1} word='' _pace_typed=''
        done
        [[ $i = "$COMP_CWORD" ]] && piece=$rest
        [[ $rest = "$piece"* ]] && rest=${rest:${#piece}}
        _pace_typed+=$piece
        while [[ -n $piece ]]; do
            c=${piece:0:1} piece=${piece:1}
            if [[ -z $quote && $c = '\' ]]; then
                word+=${piece:0:1} piece=${piece:1}
            elif [[ -z $quote && ($c = "'" || $c = '"') ]]; then
                quote=$c
            elif [[ $c = "$quote" ]]; then
                quote=''
            else
                word+=$c
            fi
        done
    done
    _pace_words+=("$word")
    _pace_quote=$quote
}

_pace() {
    local _pace_words _pace_typed _pace_quote answer how line text cut='' head=''
    _pace_split
    local word=${_pace_words[${#_pace_words[@]} - 1]}
    mapfile -t answer < <("${COMP_WORDS[0]/#\~/$HOME}" completion words -- "${_pace_words[@]:1}" 2>/dev/null)
    read -ra how <<<"${answer[0]}"
    [[ " ${answer[0]} " = *' tight '* ]] && compopt -o nospace 2>/dev/null
    if [[ ${how[0]} = command ]]; then
        if declare -F _command_offset >/dev/null; then
            _command_offset $((how[1] + 1))
        elif ((how[1] + 2 == ${#_pace_words[@]})); then
            mapfile -t COMPREPLY < <(compgen -c -- "$word")
        else
            compopt -o default 2>/dev/null
        fi
        return
    fi
    # What stands before the last ':' or '=' stays on the line.
    if [[ -z $_pace_quote ]]; then
        [[ $COMP_WORDBREAKS = *:* ]] && cut=${word%"${word##*:}"}
        [[ $COMP_WORDBREAKS = *=* && $word = *=* ]] && text=${word%"${word##*=}"} &&
            ((${#text} > ${#cut})) && cut=$text
    fi
    # A list that is only shown ("?") tells what could follow, not the whole query each time.
    [[ $COMP_TYPE = 63 && " ${answer[0]} " = *' tight '* && ${#answer[@]} -gt 2 ]] &&
        head=${word%"${word##*[ :,|(\{]}"}
    COMPREPLY=()
    for line in "${answer[@]:1}"; do
        text=${line%%$'\t'*}
        if [[ -n $head ]]; then
            COMPREPLY+=("${text:${#head}}")
            continue
        fi
        text=${text:${#cut}}
        case $_pace_quote in
        "'") [[ $text = *\'* ]] && continue ;;
        '"') ;;
        *) printf -v text %q "$text" ;;
        esac
        COMPREPLY+=("$text")
    done
    case ${how[0]} in
    files)
        ((${#COMPREPLY[@]})) || compopt -o default 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
            ((${#COMPREPLY[@]})) && compgen -f -- "$word")
        ;;
    directories)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "${word:${#cut}}")
        ;;
    esac
}
complete -F _pace pace
