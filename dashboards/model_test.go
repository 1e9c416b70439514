// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import "regexp"

// A model is what the rules read of a file. It is decoded from the file and not taken
// from the SDK, so that the rules see what Grafana sees.
type model struct {
	ID           *int     `json:"id"`
	UID          string   `json:"uid"`
	Title        string   `json:"title"`
	Editable     bool     `json:"editable"`
	GraphTooltip int      `json:"graphTooltip"`
	Schema       int      `json:"schemaVersion"`
	Refresh      string   `json:"refresh"`
	Tags         []string `json:"tags"`
	Links        []struct {
		Title string   `json:"title"`
		Type  string   `json:"type"`
		URL   string   `json:"url"`
		Tags  []string `json:"tags"`
	} `json:"links"`
	Annotations struct {
		List []modelAnnotation `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []modelVariable `json:"list"`
	} `json:"templating"`
	Panels []modelPanel `json:"panels"`
}

type modelDatasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// readersPrometheus is the data source that the reader chooses.
var readersPrometheus = modelDatasource{Type: "prometheus", UID: "${datasource}"}

type modelAnnotation struct {
	Datasource modelDatasource `json:"datasource"`
	Name       string          `json:"name"`
	Expr       string          `json:"expr"`
}

type modelVariable struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Query       string          `json:"query"`
	Regex       string          `json:"regex"`
	AllValue    string          `json:"allValue"`
	Datasource  modelDatasource `json:"datasource"`
	Multi       bool            `json:"multi"`
	IncludeAll  bool            `json:"includeAll"`
	Refresh     int             `json:"refresh"`
	Current     struct {
		Value any `json:"value"`
	} `json:"current"`
}

type modelPanel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	GridPos     struct {
		H int `json:"h"`
		W int `json:"w"`
		X int `json:"x"`
		Y int `json:"y"`
	} `json:"gridPos"`
	Datasource  modelDatasource `json:"datasource"`
	Interval    string          `json:"interval"`
	FieldConfig struct {
		Defaults  modelDefaults `json:"defaults"`
		Overrides []struct {
			Matcher struct {
				Options string `json:"options"`
			} `json:"matcher"`
			Properties []struct {
				ID    string `json:"id"`
				Value any    `json:"value"`
			} `json:"properties"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
	Options         modelOptions  `json:"options"`
	Targets         []modelTarget `json:"targets"`
	Transformations []struct {
		ID string `json:"id"`
	} `json:"transformations"`
}

type modelTarget struct {
	Datasource   modelDatasource `json:"datasource"`
	Expr         string          `json:"expr"`
	Format       string          `json:"format"`
	LegendFormat string          `json:"legendFormat"`
	RefID        string          `json:"refId"`
	Instant      bool            `json:"instant"`
	Range        bool            `json:"range"`
}

type modelDefaults struct {
	Unit    string `json:"unit"`
	NoValue string `json:"noValue"`
	Color   struct {
		Mode string `json:"mode"`
	} `json:"color"`
	Mappings   []modelMapping `json:"mappings"`
	Thresholds struct {
		Mode  string `json:"mode"`
		Steps []struct {
			Value *float64 `json:"value"`
		} `json:"steps"`
	} `json:"thresholds"`
	Custom struct {
		DrawStyle    string `json:"drawStyle"`
		ShowPoints   string `json:"showPoints"`
		BarAlignment int    `json:"barAlignment"`
		Stacking     *struct {
			Mode string `json:"mode"`
		} `json:"stacking"`
	} `json:"custom"`
}

type modelMapping struct {
	Type    string `json:"type"`
	Options struct {
		Match  string `json:"match"`
		Result struct {
			Color string `json:"color"`
			Text  string `json:"text"`
		} `json:"result"`
	} `json:"options"`
}

type modelOptions struct {
	ColorMode   string `json:"colorMode"`
	GraphMode   string `json:"graphMode"`
	TextMode    string `json:"textMode"`
	Orientation string `json:"orientation"`
	DisplayMode string `json:"displayMode"`
	CellHeight  string `json:"cellHeight"`
	YAxis       struct {
		Unit string `json:"unit"`
	} `json:"yAxis"`
	Tooltip *struct {
		Mode string `json:"mode"`
		Sort string `json:"sort"`
	} `json:"tooltip"`
	Legend *struct {
		DisplayMode string `json:"displayMode"`
		Placement   string `json:"placement"`
	} `json:"legend"`
}

// A modelQuery is a query with the title of its panel, or the name of the annotation.
type modelQuery struct {
	title string
	modelTarget
}

// queries returns the queries of the panels and that of the annotation.
func (m model) queries() []modelQuery {
	var all []modelQuery
	for _, p := range graphs(m) {
		for _, q := range p.Targets {
			all = append(all, modelQuery{p.Title, q})
		}
	}
	for _, a := range m.Annotations.List {
		all = append(all, modelQuery{a.Name, modelTarget{Expr: a.Expr, Range: true}})
	}
	return all
}

// reference finds references to Grafana's variables, such as $job, ${corp} and ${host:regex}.
var reference = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::\w+)?\}`)
