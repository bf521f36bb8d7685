import type { Shell } from './shells.ts';

/**
 * What a shell reads to complete `drover`. The shell hands over the words that are typed, and
 * `drover __complete` says what may stand there, a line each: the word, a tab, what it means; a
 * line `:files` is for the shell's own completion of files.
 */
export function scriptFor(shell: Shell): string {
  return scripts[shell];
}

const bash = `# bash completion of drover
_drover() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames
      while IFS= read -r line; do COMPREPLY+=("$line"); done \\
        < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _drover drover
`;

const zsh = `#compdef drover
# zsh completion of drover
_drover() {
  local line
  local -a described
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
    else
      line=\${\${line//:/\\\\:}%$'\\t'}
      described+=("\${line/$'\\t'/:}")
    fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#described} )) && _describe drover described
}
if [[ \${funcstack[1]} == _drover ]]; then _drover "$@"; else compdef _drover drover; fi
`;

const fish = `# fish completion of drover
function __drover_complete
    set -l typed (commandline -opc) (commandline -ct)
    for line in ($typed[1] __complete -- $typed[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c drover -f -a '(__drover_complete)'
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
