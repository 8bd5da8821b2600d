package check

import (
	"strings"
	"testing"

	"github.com/opsbuddy/opsbuddy/evidence"
)

// abroad are honest briefs about the sample in other languages, and single lies in
// each: the figures, days and names are held against the evidence there too.
var abroad = []struct {
	name, brief string
	lies        [][2]string
}{
	{"German", `# 502-Fehler auf /api/v2/users
Der Dienst api-gateway ist betroffen, das ist nicht neu: zum dritten Mal in 51 Tagen.
- Der Alarm läuft seit 13:59 UTC, das ist 14:59 Uhr MEZ; der Vorfall wurde vor 2 Minuten geöffnet [E1]
- Die Fehlerrate ist 35 % und die Schwelle liegt bei 50% der Anfragen [E6]
- user-service-7d9f wurde 6 mal neu gestartet, auf den Exit Code 137 achten [E2]
## Gab es das schon?
- Am 15. Februar 2026 (#4502): user-service neu gestartet, es dauerte 12 Minuten
- Am 28.01.2026 (#4390) dauerte es 25 Minuten, mit 2 GB als Grenze
`, [][2]string{
		{"dritten Mal", "vierten Mal"},
		{"51 Tagen", "15 Tagen"},
		{"13:59 UTC", "13:49 UTC"},
		{"14:59 Uhr MEZ", "15:59 Uhr MEZ"},
		{"vor 2 Minuten", "vor 2 Stunden"},
		{"35 %", "53 %"},
		{"50% der", "15% der"},
		{"6 mal", "9 mal"},
		{"137", "139"},
		{"15. Februar", "16. Februar"},
		{"12 Minuten", "21 Minuten"},
		{"28.01.2026", "29.01.2026"},
		{"2 GB", "4 GB"},
		{"#4390", "#4391"},
	}},
	{"Spanish", `# Errores 502 en /api/v2/users
El servicio api-gateway no es la causa; es la tercera vez en 51 días.
- Hay 2 alertas desde las 13:59 UTC, el incidente se abrió hace 2 minutos [E1]
- El 35 % de las peticiones falla [E2]
## ¿Ya pasó antes?
- El 15 de febrero de 2026 (#4502), con un reinicio de user-service: duró 12 minutos
- El 28 de enero (#4390), con el límite en 2 GB: 25 minutos
## Guardia
- Ana Ruiz (nivel 1) hasta las 09:00 UTC del 21 de marzo
`, [][2]string{
		{"tercera vez", "segunda vez"},
		{"51 días", "15 días"},
		{"2 alertas", "4 alertas"},
		{"13:59", "13:49"},
		{"hace 2 minutos", "hace 2 horas"},
		{"El 35 %", "El 53 %"},
		{"15 de febrero", "16 de febrero"},
		{"12 minutos", "21 minutos"},
		{"28 de enero", "28 de marzo"},
		{"nivel 1", "nivel 2"},
		{"21 de marzo", "22 de marzo"},
	}},
	{"French", `# Erreurs 502 sur /api/v2/users
Le service api-gateway est touché pour la troisième fois en 51 jours, avec 2 alertes depuis 13h59 UTC.
- L'incident a été ouvert il y a 2 minutes [E1]
- 35 % des requêtes ont une erreur, le seuil est à 50 % [E6]
## Déjà arrivé ?
- Le 15 février (#4502), résolu par un redémarrage de user-service en 12 minutes
- Le 28 janvier (#4390), la limite de la mémoire est passée à 2 GB : 25 minutes
`, [][2]string{
		{"troisième fois", "deuxième fois"},
		{"51 jours", "15 jours"},
		{"2 alertes", "4 alertes"},
		{"13h59", "13h49"},
		{"il y a 2 minutes", "il y a 2 heures"},
		{"35 %", "53 %"},
		{"50 %", "15 %"},
		{"15 février", "16 février"},
		{"12 minutes", "21 minutes"},
		{"2 GB", "4 GB"},
	}},
	{"Portuguese", `# Erros 502 em /api/v2/users
O serviço api-gateway não é a causa; é a terceira vez em 51 dias, com os erros desde 13:59 UTC.
- O incidente foi aberto há 2 minutos e os 35 % dos pedidos são erros [E2]
## Já aconteceu antes?
- Em 15 de fevereiro (#4502), com um reinício do user-service: durou 12 minutos
- Em 28 de janeiro (#4390), o limite foi para 2 GB: 25 minutos
`, [][2]string{
		{"terceira vez", "segunda vez"},
		{"51 dias", "15 dias"},
		{"13:59", "13:49"},
		{"há 2 minutos", "há 2 horas"},
		{"35 %", "53 %"},
		{"15 de fevereiro", "16 de fevereiro"},
		{"12 minutos", "21 minutos"},
	}},
	{"Italian", `# Errori 502 su /api/v2/users
Il servizio api-gateway non è la causa; è la terza volta in 51 giorni, con gli errori dalle 13:59 UTC.
- L'incidente è aperto da 2 minuti e il 35 % delle richieste non riesce [E2]
## È già successo?
- Il 15 febbraio (#4502), con un riavvio di user-service: durato 12 minuti
- Il 28 gennaio (#4390), con il limite della memoria a 2 GB: 25 minuti
`, [][2]string{
		{"terza volta", "seconda volta"},
		{"51 giorni", "15 giorni"},
		{"13:59", "13:49"},
		{"35 %", "53 %"},
		{"15 febbraio", "16 febbraio"},
		{"12 minuti", "21 minuti"},
	}},
	{"Dutch", `# 502-fouten op /api/v2/users
Het is de derde keer in 51 dagen dat dit gebeurt, met de fouten sinds 13:59 UTC.
- Het incident is 2 minuten geleden geopend en 35 % van de verzoeken geeft een fout [E2]
## Eerder gebeurd?
- Op 15 februari (#4502) werd user-service herstart, het duurde 12 minuten
- Op 28 januari (#4390) ging de grens naar 2 GB: 25 minuten
`, [][2]string{
		{"derde keer", "tweede keer"},
		{"51 dagen", "15 dagen"},
		{"13:59", "13:49"},
		{"2 minuten geleden", "2 dagen geleden"},
		{"35 %", "53 %"},
		{"15 februari", "16 februari"},
		{"12 minuten", "21 minuten"},
	}},
}

func TestBriefsInOtherLanguagesAreHeldAgainstTheEvidence(t *testing.T) {
	x := NewIndex(sample(), nil)
	for _, c := range abroad {
		t.Run(c.name, func(t *testing.T) {
			if r := Brief(c.brief, x); !r.Clean() || r.Markdown != c.brief {
				t.Errorf("the honest brief was not left alone: %+v %+v %+v\n%s", r.Marked, r.Removed, r.Repaired, r.Markdown)
			}
			for _, lie := range c.lies {
				if strings.Count(c.brief, lie[0]) != 1 {
					t.Fatalf("%q stands %d times", lie[0], strings.Count(c.brief, lie[0]))
				}
				told := strings.Replace(c.brief, lie[0], lie[1], 1)
				if r := Brief(told, x); strings.Contains(r.Markdown, lie[1]) && !strings.Contains(r.Markdown, Mark) {
					t.Errorf("%q stands", lie[1])
				}
			}
		})
	}
}

// What is marked or cut keeps its language, and its row its form.
func TestALineInAnotherLanguageKeepsItsWords(t *testing.T) {
	const start = "Der Dienst ist nicht erreichbar, das ist seit heute so und wird auf der Seite mit dem Runbook beschrieben.\n\n"
	x := NewIndex(sample(), nil)
	for line, want := range map[string]string{
		"- Die Fehlerrate ist 53 % seit dem Morgen":                            "- Die Fehlerrate ist 53 % seit dem Morgen " + Mark + ": 53 %",
		"- Siehe [die Seite](https://evil.example/x) und [E99] mit Daten":      "- Siehe die Seite und  mit Daten",
		"- PLAT-999 ist nicht offen":                                           "",
		"| Was | Wie viel |\n|---|---|\n| Die Fehlerrate seit Mittag | 53 % |": "| Was | Wie viel |\n|---|---|\n| Die Fehlerrate seit Mittag | 53 % " + Mark + ": 53 % |",
	} {
		got := strings.TrimPrefix(Brief(start+line, x).Markdown, strings.TrimSuffix(start, "\n"))
		if got = strings.TrimPrefix(got, "\n"); got != want {
			t.Errorf("%s\n%s, want\n%s", line, got, want)
		}
	}
}

// A command in a block of code is no text of any language, and "1h15" is a time or not.
func TestWhatIsNoTextIsNotTurned(t *testing.T) {
	f := sample()
	f.Items = append(f.Items, evidence.Item{Number: 8, Source: "notes", State: evidence.Found, Text: "run `docker tag alarm mal` for 75 min, from 01:15 UTC on"})
	x := NewIndex(f, nil)
	for _, brief := range []string{
		"Der Dienst ist seit heute nicht erreichbar, das ist mit dem Runbook auf der Seite zu beheben.\n\n```\ndocker tag alarm mal\n```\n",
		"Le service est en panne et les pages ne sont pas là, avec une erreur dans le journal.\n\n- la commande a duré 1h15, dès 1h15 UTC [E8]\n",
	} {
		if r := Brief(brief, x); !r.Clean() || r.Markdown != brief {
			t.Errorf("%+v\n%s", r.Marked, r.Markdown)
		}
	}
}

func TestEnglishIsEnglish(t *testing.T) {
	for _, text := range []string{honest, "", "Die Hard", "The service is down since 14:00 and it was slow", "la la la de de el"} {
		if tongueOf(text) != nil {
			t.Errorf("%.40q is taken for another language", text)
		}
	}
}
