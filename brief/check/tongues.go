package check

import (
	"regexp"
	"strings"
)

// tongues are the languages in which briefs are read besides English. A word that has
// none of its own here is a word that nobody knows, as a name is.
var tongues = []*tongue{
	newTongue(
		"der die das den dem und ist sind nicht seit mit auf bei wurde wird zum zur ein eine einen hat es auch noch von im am für keine oder",
		`januar=january februar=february märz=march april=april mai=may juni=june juli=july august=august september=september oktober=october november=november dezember=december`,
		`sekunde=second sekunden=seconds minute=minute minuten=minutes stunde=hour stunden=hours tag=day tage=days tagen=days woche=week wochen=weeks
		zwei=two drei=three vier=four fünf=five sechs=six sieben=seven acht=eight neun=nine zehn=ten elf=eleven zwölf=twelve
		erste=first ersten=first zweite=second zweiten=second dritte=third dritten=third vierte=fourth vierten=fourth fünfte=fifth fünften=fifth mal=time male=times
		mez=CET mesz=CEST seit=since bis=until pro=per und=and oder=or nicht=not nie=never immer=always vor=before nach=after über=above unter=below etwa=about rund=about
		alarm=alert alarme=alerts alarmen=alerts vorfall=incident vorfälle=incidents störung=incident störungen=incidents dienst=service schwelle=threshold grenze=limit grenzwert=threshold
		rückstand=behind fehler=errors fehlerrate=rate anfragen=requests lesezugriffe=reads schreibzugriffe=writes verbindungen=connections speicher=memory arbeitsspeicher=memory
		platte=disk antwortzeit=latency neustart=restart neustarts=restarts neugestartet=restarted dauerte=took dauer=duration geöffnet=opened ausgelöst=triggered behoben=resolved gelöst=resolved
		bestätigt=acknowledged erholt=recovered aktiv=active offen=open offene=open erledigt=done stufe=level bereitschaft=on-call verschob=moved hielt=paused startete=restarted
		schrieb=wrote sagt=says sagte=said schreibt=writes laut=according_to rollte=rolled deployt=deployed ausgerollt=deployed ursache=cause wahrscheinlich=likely mögliche=possible vermutlich=probably
		gestern=yesterday heute=today ausgefallen=down verlust=loss warteschlange=queue knoten=node zugewiesen=assigned von=by bei=with um=at`,
		`(?i)\bgab es das schon\b|\bschon einmal\b|\bfrühere (?:vorfälle|störungen)\b`, "before",
		`(?i)\bvor ((?:etwa |rund |ca\. |ungefähr )?\S+ (?:sekunden?|minuten?|stunden?|tag(?:en)?|wochen?))\b`, "$1 ago",
		`(?i)\b(\d+) ?mal\b`, "$1 times",
		`\b(\d{1,2}:\d{2}) Uhr\b`, "$1",
		`\b(\d{1,2}) Uhr\b`, "$1:00",
		`(?i)\bzugewiesen an\b`, "assigned to",
		`(?i)\bdas ist\b`, "that is",
		`(?i)\bsagt,? dass\b`, "says that",
		`(?i)\bwie ((?:\p{Lu}\S+ ){1,3})es (?:beschrieben|geschrieben|gesagt|gemacht) hat\b`, "as ${1}described",
	),
	newTongue(
		"el la los las del que con por una está se en un para sin más ya es son fue hay no su al lo como desde",
		`enero=january febrero=february marzo=march abril=april mayo=may junio=june julio=july agosto=august septiembre=september octubre=october noviembre=november diciembre=december`,
		`segundo=second segundos=seconds minuto=minute minutos=minutes hora=hour horas=hours día=day días=days semana=week semanas=weeks
		dos=two tres=three cuatro=four cinco=five seis=six siete=seven ocho=eight nueve=nine diez=ten once=eleven doce=twelve
		primera=first segunda=second tercera=third tercer=third cuarta=fourth quinta=fifth vez=time veces=times
		desde=since hasta=until por=per y=and o=or no=not nunca=never siempre=always antes=before después=after sobre=above bajo=below
		alerta=alert alertas=alerts incidente=incident incidentes=incidents servicio=service umbral=threshold límite=limit
		errores=errors error=error tasa=rate peticiones=requests lecturas=reads escrituras=writes conexiones=connections memoria=memory disco=disk latencia=latency
		reinicio=restart reinicios=restarts reinició=restarted duró=took durante=for abrió=opened abierto=open abiertos=open resuelto=resolved resuelta=resolved resolvió=resolved
		reconocido=acknowledged recuperado=recovered recuperaron=recovered recuperó=recovered activa=active activo=active activas=active nivel=level guardia=on-call movió=moved pausó=paused
		escribió=wrote dice=says dijo=said escribe=writes desplegó=deployed desplegado=deployed causa=cause probable=likely probablemente=probably posible=possible
		ayer=yesterday hoy=today caído=down pérdida=loss cola=queue nodo=node asignado=assigned cambió=replaced caídas=drops`,
		`(?i)\bya (?:ha )?pas(?:ó|ado)(?: esto)? antes\b|\bincidentes anteriores\b`, "before",
		`(?i)\ba las (\d)`, "at $1",
		`(?i)\b(?:en|dentro de) (\d+ (?:segundos?|minutos?|horas?|días?))\b`, "in $1",
		`(?i)\bhace ((?:unos |unas |casi )?\S+ (?:segundos?|minutos?|horas?|días?|semanas?))\b`, "$1 ago",
		`(?i)\bes decir\b`, "that is",
		`(?i)\bdice que\b`, "says that",
		`(?i)\basignado a\b`, "assigned to",
		`(?i)\bsegún\b`, "according to",
	),
	newTongue(
		"le la les des est une avec dans pour sur qui que pas du au aux par ce cette son ses sont a été il elle et",
		`janvier=january février=february mars=march avril=april mai=may juin=june juillet=july août=august septembre=september octobre=october novembre=november décembre=december`,
		`seconde=second secondes=seconds minute=minute minutes=minutes heure=hour heures=hours jour=day jours=days semaine=week semaines=weeks
		deux=two trois=three quatre=four cinq=five six=six sept=seven huit=eight neuf=nine dix=ten onze=eleven douze=twelve
		première=first premier=first deuxième=second troisième=third quatrième=fourth cinquième=fifth fois=time
		depuis=since jusqu=until par=per et=and ou=or jamais=never toujours=always avant=before après=after dessus=above environ=about
		alerte=alert alertes=alerts incident=incident incidents=incidents service=service seuil=threshold limite=limit
		erreurs=errors erreur=error taux=rate requêtes=requests lectures=reads écritures=writes connexions=connections mémoire=memory disque=disk latence=latency
		redémarrage=restart redémarrages=restarts redémarré=restarted duré=took pendant=for ouvert=opened ouverts=open résolu=resolved résolue=resolved
		acquitté=acknowledged rétabli=recovered rétablies=recovered active=active actif=active niveau=level astreinte=on-call basculé=switched
		écrit=wrote dit=says déployé=deployed cause=cause probable=likely probablement=probably possible=possible
		hier=yesterday panne=down perte=loss file=queue à=at nœud=node assigné=assigned remplacé=replaced`,
		`(?i)\bdéjà (?:vu|arrivé|produit)|\bincidents? précédents?\b|\bauparavant\b`, "before",
		`(?i)\bdans (\d+ (?:secondes?|minutes?|heures?|jours?))\b`, "in $1",
		`(?i)(^|\s)a (basculé|déployé|redémarré|résolu|remplacé|écrit)`, "$1$2",
		`(?i)\bil y a ((?:environ |près de )?\S+ (?:secondes?|minutes?|heures?|jours?|semaines?))\b`, "$1 ago",
		`(?i)\b(\d+) fois\b`, "$1 times",
		`(?i)(?:\bdit|écrit) que?\b`, "says that",
		`(?i)\bassigné à`, "assigned to",
		`(?i)\bselon\b`, "according to",
	),
	newTongue(
		"os as que com não uma está em um para por mais já são foi há seu sua ao pela pelo desde do da no na dos das",
		`janeiro=january fevereiro=february março=march abril=april maio=may junho=june julho=july agosto=august setembro=september outubro=october novembro=november dezembro=december`,
		`segundo=second segundos=seconds minuto=minute minutos=minutes hora=hour horas=hours dia=day dias=days semana=week semanas=weeks
		dois=two duas=two três=three quatro=four cinco=five seis=six sete=seven oito=eight nove=nine dez=ten onze=eleven doze=twelve
		primeira=first segunda=second terceira=third quarta=fourth quinta=fifth vez=time vezes=times
		desde=since até=until por=per e=and ou=or não=not nunca=never sempre=always antes=before depois=after acima=above abaixo=below
		alerta=alert alertas=alerts incidente=incident incidentes=incidents serviço=service limiar=threshold limite=limit
		erros=errors erro=error taxa=rate pedidos=requests leituras=reads escritas=writes conexões=connections memória=memory disco=disk latência=latency
		reinício=restart reiniciou=restarted durou=took durante=for aberto=open abertos=open resolvido=resolved resolvida=resolved
		reconhecido=acknowledged recuperou=recovered recuperado=recovered ativo=active ativa=active nível=level plantão=on-call moveu=moved pausou=paused
		escreveu=wrote diz=says disse=said implantou=deployed causa=cause provável=likely provavelmente=probably possível=possible
		ontem=yesterday hoje=today perda=loss às=at fila=queue nó=node atribuído=assigned`,
		`(?i)\bjá (?:aconteceu|ocorreu)(?: antes)?\b|\bincidentes anteriores\b`, "before",
		`(?i)\b(?:em|dentro de) (\d+ (?:segundos?|minutos?|horas?|dias?))\b`, "in $1",
		`(?i)\bhá ((?:cerca de )?\S+ (?:segundos?|minutos?|horas?|dias?|semanas?))\b`, "$1 ago",
		`(?i)\bdiz que\b`, "says that",
		`(?i)\batribuído a\b`, "assigned to",
		`(?i)\bsegundo (\p{Lu})`, "according to $1",
	),
	newTongue(
		"il lo gli della delle del che con per una non è sono nel nella si da dal un su ha alle dei di come questo",
		`gennaio=january febbraio=february marzo=march aprile=april maggio=may giugno=june luglio=july agosto=august settembre=september ottobre=october novembre=november dicembre=december`,
		`secondo=second secondi=seconds minuto=minute minuti=minutes ora=hour ore=hours giorno=day giorni=days settimana=week settimane=weeks
		due=two tre=three quattro=four cinque=five sei=six sette=seven otto=eight nove=nine dieci=ten undici=eleven dodici=twelve
		prima=first seconda=second terza=third quarta=fourth quinta=fifth volta=time volte=times
		dalle=since alle=at fino=until e=and o=or non=not mai=never sempre=always dopo=after sopra=above sotto=below fa=ago circa=about
		allarme=alert allarmi=alerts avviso=alert avvisi=alerts incidente=incident incidenti=incidents servizio=service soglia=threshold limite=limit
		errori=errors errore=error tasso=rate richieste=requests letture=reads scritture=writes connessioni=connections memoria=memory disco=disk latenza=latency
		riavvio=restart riavviato=restarted durato=took durante=for aperto=opened aperti=open risolto=resolved risolta=resolved
		confermato=acknowledged recuperato=recovered attivo=active attiva=active livello=level reperibilità=on-call spostato=moved
		scritto=wrote dice=says ha=has distribuito=deployed causa=cause probabile=likely probabilmente=probably possibile=possible
		ieri=yesterday oggi=today perdita=loss coda=queue nodo=node assegnato=assigned`,
		`(?i)\bgià successo\b|\bincidenti precedenti\b`, "before",
		`(?i)\b(?:tra|fra) (\d+ (?:second[oi]|minut[oi]|or[ae]|giorn[oi]))\b`, "in $1",
		`(?i)(^|\s)ha (scritto|riavviato|spostato|distribuito|risolto)\b`, "$1$2",
		`(?i)\b(?:dice|scritto) che\b`, "says that",
		`(?i)\bassegnato a\b`, "assigned to",
		`(?i)\bsecondo (\p{Lu})`, "according to $1",
	),
	newTongue(
		"het een van niet met voor op zijn wordt werd heeft deze dit door naar bij ook nog sinds geen maar over de en is",
		`januari=january februari=february maart=march april=april mei=may juni=june juli=july augustus=august september=september oktober=october november=november december=december`,
		`seconde=second seconden=seconds minuut=minute minuten=minutes uur=hours dag=day dagen=days week=week weken=weeks
		twee=two drie=three vier=four vijf=five zes=six zeven=seven acht=eight negen=nine tien=ten elf=eleven twaalf=twelve
		eerste=first tweede=second derde=third vierde=fourth vijfde=fifth keer=time
		sinds=since tot=until per=per en=and of=or niet=not nooit=never altijd=always na=after boven=above onder=below geleden=ago ongeveer=about
		alarm=alert alarmen=alerts melding=alert meldingen=alerts incident=incident incidenten=incidents storing=incident dienst=service drempel=threshold grens=limit
		fouten=errors verzoeken=requests leesacties=reads verbindingen=connections geheugen=memory schijf=disk latentie=latency
		herstart=restarted herstarts=restarts duurde=took geopend=opened opgelost=resolved bevestigd=acknowledged hersteld=recovered actief=active open=open
		niveau=level wachtdienst=on-call verplaatste=moved schreef=wrote zegt=says zei=said uitgerold=deployed oorzaak=cause waarschijnlijk=likely mogelijk=possible
		gisteren=yesterday vandaag=today verlies=loss om=at wachtrij=queue knooppunt=node toegewezen=assigned door=by`,
		`(?i)\beerder gebeurd\b|\beerdere (?:incidenten|storingen)\b`, "before",
		`(?i)\b(\d+) keer\b`, "$1 times",
		`(?i)\bover (\d+ (?:seconden?|minuten?|uur|dagen?))\b`, "in $1",
		`(?i)\bzegt dat\b`, "says that",
		`(?i)\btoegewezen aan\b`, "assigned to",
		`(?i)\bvolgens\b`, "according to",
	),
}

// newTongue makes a language of its small words, its months, what else it says, and
// its forms: what to find, and how it is said in English.
func newTongue(small, months, words string, forms ...string) *tongue {
	t := &tongue{small: set{}, words: map[string]string{}}
	t.small.add(strings.Fields(small)...)
	var names []string
	for _, pair := range strings.Fields(months) {
		name, month, _ := strings.Cut(pair, "=")
		t.words[name] = strings.ToUpper(month[:1]) + month[1:]
		names = append(names, name)
	}
	for _, pair := range strings.Fields(words) {
		theirs, ours, _ := strings.Cut(pair, "=")
		t.words[theirs] = strings.ReplaceAll(ours, "_", " ")
	}
	t.months = regexp.MustCompile(`(?i)\b(\d{1,2})(?:\.|er|º|°)?\s(?:de\s)?(` + strings.Join(names, "|") + `)\b(?:,?\s(?:de\s|del\s)?(\d{4})\b)?`)
	for i := 0; i+1 < len(forms); i += 2 {
		t.forms = append(t.forms, form{regexp.MustCompile(forms[i]), forms[i+1]})
	}
	return t
}
