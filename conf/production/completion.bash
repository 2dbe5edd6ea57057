# Completion of storefront's verbs and options for bash. The verbs are those that the program itself tells.
_storefront() {
    local word=${COMP_WORDS[COMP_CWORD]} words=''
    if [ "$COMP_CWORD" = 1 ]; then
        words=$("${COMP_WORDS[0]}" help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
    else
        case ${COMP_WORDS[1]} in
            config) words=--check ;;
            routes) words=--nginx ;;
            report) words=--days ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _storefront storefront
