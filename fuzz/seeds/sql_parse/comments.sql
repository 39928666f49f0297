-- one ; line
// another ' line
/* nested /* ; */ ' */ SELECT ';' /* a */, "b;" // c
, $$ d ; $$ ;;
