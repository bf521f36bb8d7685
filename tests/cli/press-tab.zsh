# Types into an interactive zsh that has the completions of the folder, and shows what its terminal
# shows, until that has WANTED: press-tab.zsh FOLDER TYPED WANTED
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "stty rows 200 cols 200; PS1='> '; LISTMAX=1000; setopt no_beep no_always_last_prompt
fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; print begin''ning"
shown=
until [[ $shown == *beginning* ]]; do zpty -r shell piece && shown+=$piece; done
shown=
zpty -n -w shell "$2"
until [[ $shown == *${~3} ]]; do zpty -r shell piece && shown+=$piece && print -rn -- $piece; done
zpty -d shell
