#!/bin/sh
# The numbers, limits and tables that pace-format(5) names are those of the code, and every man page
# is well formed.
page=tools/man/pace-format.5
number=0
ok() { number=$((number + 1)) && echo "ok $number - $1"; }
not_ok() { number=$((number + 1)) && echo "not ok $number - $1"; }

# The value of a constant of the engine, from "NAME = EXPRESSION," or a limit; of fold's numbers from
# ".NAME = EXPRESSION,".
value() {
    case $1 in
    PACE_MAX_*) sed -n "s/^PACE_LIMIT($1, \([0-9]*\),.*/\1/p" engine/limits.def && return ;;
    [a-z]*) text=$(sed -n "s/^    \.$1 = \([^,]*\),.*/\1/p" engine/fold.c) ;;
    *) text=$(sed -n "s/^.*\<$1 = \([^,}]*\).*/\1/p" engine/*.h engine/*.c | head -n 1) ;;
    esac
    text=$(echo "$text" | sed 's/sizeof(double)/8/')
    for name in $(echo "$text" | grep -o '[A-Z][A-Z_]*'); do
        text=$(echo "$text" | sed "s/\<$name\>/$(value "$name")/")
    done
    [ -n "$text" ] && echo $(($text))
}

# "NAME VALUE" of each constant on the page: the last number of the line before ".Pq Dv NAME" or
# ".Pq Va NAME", and the rows of the table of limits.
named=$(awk '
    $1 == ".Pq" && ($2 == "Dv" || $2 == "Va") { print $3, last }
    $1 == ".It" && $2 == "Dv" { gsub(",", "", $5); print $3, $5 }
    !/^\./ {
        last = ""
        for (i = 1; i <= NF; i++) {
            word = $i
            gsub(",", "", word)
            if (word ~ /^[0-9]+\.?$/) last = word + 0
            if (last != "" && word ~ /^KiB/) last *= 1024
            if (last != "" && word ~ /^MiB/) last *= 1048576
        }
    }' $page)
count=0 wrong=
while read -r name there; do
    count=$((count + 1))
    [ "$there" = "$(value "$name")" ] || wrong="$wrong $name=$there,not:$(value "$name")"
done <<END
$named
END
if [ -z "$wrong" ] && [ "$count" -ge 30 ]; then ok "$count numbers with a name are the code's"; else
    not_ok "numbers with a name are the code's"
    echo "# of $count:$wrong"
fi

version=$(value FORMAT_VERSION)
if grep -q "^16 version u32 = $version " $page && grep -q "describes format $version:" $page; then
    ok "the version is the code's"
else not_ok "the version is the code's"; fi

in_code=$(sed -n "s/^ \*   '\(.\)'  .*/\1/p" engine/keys.h | sort)
on_page=$(sed -n '/^tag  table/,/^\.Ed/s/^ \([A-Za-z]\)   .*/\1/p' $page | sort)
if [ -n "$in_code" ] && [ "$in_code" = "$on_page" ]; then ok "the tables are those of keys.h"; else
    not_ok "the tables are those of keys.h"
    echo "# keys.h:" $in_code
    echo "# page:  " $on_page
fi

if ! command -v mandoc >/dev/null; then
    ok "man pages are well formed # SKIP no mandoc"
elif found=$(mandoc -Tlint -Wwarning tools/man/*.[1-9] 2>&1); then
    ok "man pages are well formed"
else
    not_ok "man pages are well formed"
    echo "$found" | sed 's/^/# /'
fi
