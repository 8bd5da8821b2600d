package world

// house is the company as its file describes it.
type house struct {
	Company   string     `yaml:"company"`
	Domain    string     `yaml:"domain"`
	People    []person   `yaml:"people"`
	Teams     []team     `yaml:"teams"`
	Policies  []policy   `yaml:"escalation_policies"`
	Services  []service  `yaml:"services"`
	Channels  []channel  `yaml:"channels"`
	Pages     []page     `yaml:"pages"`
	Tickets   []ticket   `yaml:"tickets"`
	Changes   []change   `yaml:"changes"`
	Incidents []incident `yaml:"incidents"`
	Scenarios []scenario `yaml:"scenarios"`
}

type person struct {
	Handle string `yaml:"handle"` // how the rest of the file names them
	Name   string `yaml:"name"`
	Title  string `yaml:"title"`
	Zone   string `yaml:"zone"` // time zone
}

type team struct {
	Name    string   `yaml:"name"`
	Members []string `yaml:"members"`
}

// policy is an escalation policy; its levels also say who is on call.
type policy struct {
	Name   string  `yaml:"name"`
	Team   string  `yaml:"team"`
	Levels []level `yaml:"levels"`
}

type level struct {
	Person   string `yaml:"person"`
	Schedule string `yaml:"schedule"` // empty: always on call
	Until    moment `yaml:"until"`    // end of the shift
	Wait     span   `yaml:"wait"`     // before the next level is paged; 30m when not set
}

type service struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Policy      string   `yaml:"policy"`
	Team        string   `yaml:"team"`
	DependsOn   []string `yaml:"depends_on"`
}

type channel struct {
	Name     string    `yaml:"name"`
	Topic    string    `yaml:"topic"`
	Purpose  string    `yaml:"purpose"`
	Members  []string  `yaml:"members"`
	Messages []message `yaml:"messages"`
}

// message is one message of a channel; in a scenario it names its channel.
type message struct {
	Channel string  `yaml:"channel"`
	Label   string  `yaml:"label"` // so that {{ts "label"}} finds it
	At      moment  `yaml:"at"`
	By      string  `yaml:"by"`  // a person, or
	Bot     string  `yaml:"bot"` // the name of an app
	Text    string  `yaml:"text"`
	Replies []reply `yaml:"replies"`
}

type reply struct {
	After span   `yaml:"after"` // the first message
	By    string `yaml:"by"`
	Bot   string `yaml:"bot"`
	Text  string `yaml:"text"`
}

type page struct {
	ID      string   `yaml:"id"`
	Title   string   `yaml:"title"`
	Space   string   `yaml:"space"`
	By      string   `yaml:"by"`
	Updated moment   `yaml:"updated"`
	Version int      `yaml:"version"`
	Labels  []string `yaml:"labels"`
	Body    string   `yaml:"body"`
}

type ticket struct {
	Key         string   `yaml:"key"`
	Type        string   `yaml:"type"`
	Summary     string   `yaml:"summary"`
	Status      string   `yaml:"status"`
	Priority    string   `yaml:"priority"` // empty: null, as Jira has it
	Assignee    string   `yaml:"assignee"` // empty: nobody
	Reporter    string   `yaml:"reporter"`
	Labels      []string `yaml:"labels"`
	Components  []string `yaml:"components"`
	Created     moment   `yaml:"created"`
	Updated     moment   `yaml:"updated"`
	Resolved    moment   `yaml:"resolved"`
	Description string   `yaml:"description"` // empty: null
	Comments    []remark `yaml:"comments"`
}

type remark struct {
	At   moment `yaml:"at"`
	By   string `yaml:"by"`
	Text string `yaml:"text"`
}

// change is a change event, for example a deploy.
type change struct {
	Summary     string         `yaml:"summary"`
	Source      string         `yaml:"source"`
	At          moment         `yaml:"at"`
	Services    []string       `yaml:"services"`
	SuspectedIn []string       `yaml:"suspected_in"` // incidents PagerDuty shows it with although it touched another service
	Links       []link         `yaml:"links"`
	Details     map[string]any `yaml:"details"`
}

type link struct {
	Text string `yaml:"text"`
	Href string `yaml:"href"`
}

type incident struct {
	Slug         string            `yaml:"slug"` // a scenario's own incident has the scenario's
	Service      string            `yaml:"service"`
	Title        string            `yaml:"title"`
	Urgency      string            `yaml:"urgency"`
	Priority     string            `yaml:"priority"`
	Body         string            `yaml:"body"`
	Opened       moment            `yaml:"opened"`
	Acknowledged *act              `yaml:"acknowledged"`
	Resolved     *act              `yaml:"resolved"`
	Notes        []note            `yaml:"notes"`
	Alerts       []alert           `yaml:"alerts"`
	Past         []string          `yaml:"past"`    // what PagerDuty finds similar, likeliest first
	Related      []string          `yaml:"related"` // what PagerDuty sees as part of the same trouble
	Fields       map[string]string `yaml:"fields"`  // custom fields
}

// act is something that happened to an incident some time after it opened.
type act struct {
	After span   `yaml:"after"`
	By    string `yaml:"by"` // empty: the monitoring itself
}

type note struct {
	After span   `yaml:"after"`
	By    string `yaml:"by"`
	Text  string `yaml:"text"`
}

type alert struct {
	Summary  string         `yaml:"summary"`
	Severity string         `yaml:"severity"`
	At       moment         `yaml:"at"`       // when the incident opened, if not set
	Resolved span           `yaml:"resolved"` // after At; not set: still firing
	Times    int            `yaml:"times"`    // so many alike; [n] in the texts is the number
	Every    span           `yaml:"every"`    // between them; 1s when not set
	Client   string         `yaml:"client"`
	URL      string         `yaml:"url"`
	Links    []link         `yaml:"links"`
	Details  map[string]any `yaml:"details"`
}

// scenario is one open incident with everything that is there only because of
// it, and the model that reviews it.
type scenario struct {
	Slug     string     `yaml:"slug"`
	Shows    string     `yaml:"shows"`
	Down     []string   `yaml:"down"` // APIs that answer 503
	Incident incident   `yaml:"incident"`
	Others   []incident `yaml:"others"` // further incidents of the same trouble
	Changes  []change   `yaml:"changes"`
	Messages []message  `yaml:"messages"`
	Tickets  []ticket   `yaml:"tickets"`
	Pages    []page     `yaml:"pages"`
	Model    []turn     `yaml:"model"`
	// Questions are what the model answers when a person asks below the brief.
	Questions []question `yaml:"questions"`
}

// question is known by words of it.
type question struct {
	Asks   string `yaml:"asks"`
	Answer string `yaml:"answer"`
}

// turn is one answer of the model: calls of tools, or the brief.
type turn struct {
	Says  string `yaml:"says"`
	Calls []call `yaml:"calls"`
	Brief string `yaml:"brief"`
}

type call struct {
	Tool string         `yaml:"tool"`
	With map[string]any `yaml:"with"`
}

// allIncidents are the incidents of the file, those of every scenario too.
func (h *house) allIncidents() []incident {
	all := append([]incident(nil), h.Incidents...)
	for _, s := range h.Scenarios {
		all = append(append(all, s.Incident), s.Others...)
	}
	return all
}

func (h *house) allPages() []page {
	all := append([]page(nil), h.Pages...)
	for _, s := range h.Scenarios {
		all = append(all, s.Pages...)
	}
	return all
}

func (h *house) allTickets() []ticket {
	all := append([]ticket(nil), h.Tickets...)
	for _, s := range h.Scenarios {
		all = append(all, s.Tickets...)
	}
	return all
}

// allMessages are the messages of every channel, each with its channel's name.
func (h *house) allMessages() []message {
	var all []message
	for _, c := range h.Channels {
		for _, m := range c.Messages {
			m.Channel = c.Name
			all = append(all, m)
		}
	}
	for _, s := range h.Scenarios {
		all = append(all, s.Messages...)
	}
	return all
}

// only keeps one scenario, or all when name is empty, and moves what it brings
// to the rest of the company.
func (h *house) only(name string) {
	var kept []scenario
	for _, s := range h.Scenarios {
		if name != "" && s.Slug != name {
			continue
		}
		kept = append(kept, s)
		h.Incidents = append(append(h.Incidents, s.Incident), s.Others...)
		h.Changes = append(h.Changes, s.Changes...)
		h.Tickets = append(h.Tickets, s.Tickets...)
		h.Pages = append(h.Pages, s.Pages...)
		for _, m := range s.Messages {
			for i := range h.Channels {
				if h.Channels[i].Name == m.Channel {
					h.Channels[i].Messages = append(h.Channels[i].Messages, m)
				}
			}
		}
	}
	h.Scenarios = kept
}
