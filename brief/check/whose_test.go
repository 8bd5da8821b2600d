package check

import "testing"

func TestWhoseAThingIsIsJudgedWithoutAVerb(t *testing.T) {
	judgedLines{
		"- v2.4.0 by dara, 14 minutes ago":                              true,
		"- v2.4.0 by omar, 14 minutes ago":                              false,
		"- v2.4.0 by Omar Haddad":                                       false,
		"- Deploy of api-gateway v2.4.0 (by dara, for PLAT-892)":        true,
		"- 13:58 UTC Omar: checkout refused 14 clients":                 true,
		"- 13:58 UTC Ana: checkout refused 14 clients":                  false,
		"- Omar Haddad, 13:58 UTC: checkout refused 14 clients":         true,
		"- Ana Ruiz, 13:58 UTC: checkout refused 14 clients":            false,
		"- 13:48 UTC Dara shipped v2.4.0":                               true,
		"- Ana Ruiz is asked, and Omar Haddad is the second level":      true,
		"- The first level is Ana Ruiz, the second is Omar Haddad":      true,
		"- The first level is Ana Ruiz, the third is Omar Haddad":       false,
		"- PLAT-892: in progress, with Jane Okafor":                     true,
		"- PLAT-892: in progress, with Ana Ruiz":                        false,
		"- PLAT-901: to do, nobody has it":                              true,
		"- PLAT-901: to do, Ana Ruiz has it":                            false,
		"- PLAT-892, still in progress":                                 true,
		"- PLAT-892, already done":                                      false,
		"- PLAT-892, Jane Okafor's":                                     true,
		"- PLAT-892, Omar Haddad's":                                     false,
		"- Talk to Omar Haddad with PLAT-892 at hand":                   true,
		"- The limit of 2 GB was set by Jane Okafor":                    true,
		"- Ana Ruiz's message of 19 March names the cache":              true,
		"- Ana Ruiz's message of 15 February names the cache":           false,
		"- Restarted by hand, by the runbook, by whoever is on call":    true,
		"- According to Omar Haddad checkout refused 14 clients":        true,
		"- Checkout refused 14 clients, according to Omar Haddad":       true,
		"- The release costs 0.4 % more, according to Omar Haddad":      false,
		"- Ana Ruiz has the pager, then Omar Haddad":                    true,
		"- Jane Okafor has the pager, then Omar Haddad":                 false,
		"- On call is Ana Ruiz, and Omar Haddad is second":              true,
		"- On call is Ana Ruiz, and Omar Haddad is third":               false,
		"- primary: Ana Ruiz":                                           true,
		"- secondary: Omar Haddad":                                      true,
		"- secondary: Ana Ruiz":                                         false,
		"- Omar Haddad saw at 13:58 UTC that checkout refused clients":  true,
		"- Ana Ruiz saw at 13:58 UTC that checkout refused clients":     false,
		"- 14 clients are refused by checkout. Omar Haddad said so":     true,
		"- 14 clients are refused by checkout. Ana Ruiz said so":        false,
		"- The cache never evicts (Ana, 19 March, 16:30 UTC)":           true,
		"- The cache never evicts (Omar, 19 March, 16:30 UTC)":          false,
		"- v2.4.0 (13:48 UTC, author dara)":                             true,
		"- v2.4.0 (13:48 UTC, author omar)":                             false,
		"- 14 clients are refused by checkout, per Omar Haddad":         true,
		"- 14 clients are refused by checkout, per Ana Ruiz":            false,
		"- Restart user-service as Jane Okafor did":                     true,
		"- Restart user-service as Ana Ruiz did":                        false,
		"- Jane Okafor did so on 15 February":                           true,
		"- Ana Ruiz did so on 15 February":                              false,
		"- PLAT-901 was opened long ago. It's still To Do":              true,
		"- PLAT-901 was opened long ago. It's still In Review":          false,
		"- PLAT-892 (the leak) is in progress":                          true,
		"- PLAT-892 (the leak) is in review":                            false,
		"- Omar Haddad until 19:02 UTC, then Ana Ruiz":                  true,
		"- Ana Ruiz until 19:02 UTC, then Omar Haddad":                  false,
		"- Omar is our backup":                                          true,
		"- Jane is our backup":                                          false,
		"- Karl Peters comes after Ana Ruiz":                            false, // nobody knows him
		"- Ask Omar Haddad at 14:30 whether clients are still refused.": false, // nobody knows of 14:30
	}.hold(t, shipped(), "## Notes\n")
}

func TestNestedItemsAreAboutWhatTheItemAboveIsAbout(t *testing.T) {
	const list = "## What Was Before\n- #4502, 15 February\n  - "
	judgedLines{
		"12 minutes, restart helped":                  true,
		"25 minutes, restart helped":                  false, // of #4390
		"12 minutes, rollback helped":                 false,
		"restarted user-service, by Jane Okafor":      true,
		"restarted user-service, by Omar Haddad":      false,
		"the limit was raised to 2 GB":                false, // of #4390
		"see #4390: the memory limit raised to 2 GB":  true,
		"at 03:10 UTC":                                true,
		"then\n    - 12 minutes":                      true,
		"then\n    - 25 minutes":                      false,
		"12 minutes\n- #4390\n  - 25 minutes":         true,
		"12 minutes\n\nThe limit is 2 GB since #4390": true,
	}.hold(t, shipped(), list)
}
