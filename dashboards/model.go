// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

// The types below are the fields of Grafana's classic dashboard JSON that these
// dashboards use, see
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/.

const schemaVersion = 41

type dashboardModel struct {
	Annotations  annotations `json:"annotations"`
	Description  string      `json:"description"`
	Editable     bool        `json:"editable"`
	GraphTooltip int         `json:"graphTooltip"`
	ID           *int        `json:"id"` // null: Grafana gives it one
	Links        []linkModel `json:"links"`
	Panels       []gridPanel `json:"panels"`
	Refresh      string      `json:"refresh"`
	Schema       int         `json:"schemaVersion"`
	Tags         []string    `json:"tags"`
	Templating   templating  `json:"templating"`
	Time         timeRange   `json:"time"`
	Timepicker   struct{}    `json:"timepicker"`
	Timezone     string      `json:"timezone"`
	Title        string      `json:"title"`
	UID          string      `json:"uid"`
	Version      int         `json:"version"`
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type annotations struct {
	List []annotation `json:"list"`
}

type annotation struct {
	Datasource  datasource `json:"datasource"`
	Enable      bool       `json:"enable"`
	Expr        string     `json:"expr"`
	IconColor   string     `json:"iconColor"`
	Name        string     `json:"name"`
	Step        string     `json:"step"`
	TitleFormat string     `json:"titleFormat"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type linkModel struct {
	AsDropdown  bool     `json:"asDropdown"`
	Icon        string   `json:"icon"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	Tags        []string `json:"tags"`
	TargetBlank bool     `json:"targetBlank"`
	Title       string   `json:"title"`
	Tooltip     string   `json:"tooltip"`
	Type        string   `json:"type"` // "dashboards" or "link"
	URL         string   `json:"url"`
}

type templating struct {
	List []variableModel `json:"list"`
}

type variableModel struct {
	AllValue    string           `json:"allValue,omitempty"`
	Current     *variableOption  `json:"current,omitempty"`
	Datasource  *datasource      `json:"datasource,omitempty"`
	Description string           `json:"description"`
	Hide        int              `json:"hide"`
	IncludeAll  bool             `json:"includeAll"`
	Label       string           `json:"label"`
	Multi       bool             `json:"multi"`
	Name        string           `json:"name"`
	Options     []variableOption `json:"options"`
	Query       string           `json:"query"`
	Refresh     int              `json:"refresh,omitempty"`
	SkipURLSync bool             `json:"skipUrlSync"`
	Sort        int              `json:"sort,omitempty"`
	Type        string           `json:"type"`
}

// A variableOption holds lists of strings for a variable of many values.
type variableOption struct {
	Selected bool `json:"selected"`
	Text     any  `json:"text"`
	Value    any  `json:"value"`
}

type gridPanel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"` // not of a row
	GridPos         gridPos          `json:"gridPos"`
	Collapsed       *bool            `json:"collapsed,omitempty"` // of a row
	Panels          *[]gridPanel     `json:"panels,omitempty"`    // of a row
	Datasource      *datasource      `json:"datasource,omitempty"`
	Interval        string           `json:"interval,omitempty"`
	FieldConfig     *fieldConfig     `json:"fieldConfig,omitempty"`
	Options         *options         `json:"options,omitempty"`
	Targets         []target         `json:"targets,omitempty"`
	Transformations []transformation `json:"transformations,omitempty"`
}

type gridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type target struct {
	Datasource   datasource `json:"datasource"`
	EditorMode   string     `json:"editorMode"`
	Expr         string     `json:"expr"`
	Format       string     `json:"format"`
	Instant      bool       `json:"instant"`
	LegendFormat string     `json:"legendFormat"`
	Range        bool       `json:"range"`
	RefID        string     `json:"refId"`
}

type fieldConfig struct {
	Defaults  fieldDefaults `json:"defaults"`
	Overrides []override    `json:"overrides"`
}

type fieldDefaults struct {
	Color      color          `json:"color"`
	Custom     custom         `json:"custom"`
	Links      []dataLink     `json:"links,omitempty"`
	Mappings   []valueMapping `json:"mappings"`
	Max        *float64       `json:"max,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	NoValue    string         `json:"noValue,omitempty"`
	Thresholds thresholds     `json:"thresholds"`
	Unit       string         `json:"unit"`
}

type color struct {
	Mode string `json:"mode"`
}

type custom struct {
	DrawStyle   string    `json:"drawStyle,omitempty"`
	FillOpacity int       `json:"fillOpacity,omitempty"`
	LineWidth   int       `json:"lineWidth,omitempty"`
	ShowPoints  string    `json:"showPoints,omitempty"`
	Stacking    *stacking `json:"stacking,omitempty"`
}

type stacking struct {
	Group string `json:"group"`
	Mode  string `json:"mode"`
}

type thresholds struct {
	Mode  string      `json:"mode"`
	Steps []threshold `json:"steps"`
}

type threshold struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"` // null: from minus infinity
}

type valueMapping struct {
	Type    string       `json:"type"`
	Options mappingRange `json:"options"`
}

type mappingRange struct {
	From   *float64      `json:"from"`
	To     *float64      `json:"to"`
	Result mappingResult `json:"result"`
}

type mappingResult struct {
	Color string `json:"color"`
	Index int    `json:"index"`
	Text  string `json:"text"`
}

type dataLink struct {
	TargetBlank bool   `json:"targetBlank"`
	Title       string `json:"title"`
	URL         string `json:"url"`
}

type override struct {
	Matcher    matcher    `json:"matcher"`
	Properties []property `json:"properties"`
}

type matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"` // a string, or links where ID is "links"
}

type transformation struct {
	ID      string           `json:"id"`
	Options transformOptions `json:"options"`
}

type transformOptions struct {
	ColumnField string         `json:"columnField,omitempty"`
	EmptyValue  string         `json:"emptyValue,omitempty"`
	Include     *filterFields  `json:"include,omitempty"`
	IndexByName map[string]int `json:"indexByName,omitempty"`
	RowField    string         `json:"rowField,omitempty"`
	ValueField  string         `json:"valueField,omitempty"`
}

type filterFields struct {
	Names []string `json:"names"`
}

// The options of all types of panels that are used, each of which sets its own.
type options struct {
	AlignValue    string          `json:"alignValue,omitempty"`
	CellHeight    string          `json:"cellHeight,omitempty"`
	Cells         *heatmapCells   `json:"cellValues,omitempty"`
	Color         *heatmapColor   `json:"color,omitempty"`
	ColorMode     string          `json:"colorMode,omitempty"`
	DisplayMode   string          `json:"displayMode,omitempty"`
	GraphMode     string          `json:"graphMode,omitempty"`
	JustifyMode   string          `json:"justifyMode,omitempty"`
	Legend        *legendOptions  `json:"legend,omitempty"`
	MergeValues   bool            `json:"mergeValues,omitempty"`
	Orientation   string          `json:"orientation,omitempty"`
	ReduceOptions *reduceOptions  `json:"reduceOptions,omitempty"`
	RowHeight     float64         `json:"rowHeight,omitempty"`
	ShowHeader    bool            `json:"showHeader,omitempty"`
	ShowUnfilled  bool            `json:"showUnfilled,omitempty"`
	ShowValue     string          `json:"showValue,omitempty"`
	SortBy        []sortBy        `json:"sortBy,omitempty"`
	TextMode      string          `json:"textMode,omitempty"`
	Tooltip       *tooltipOptions `json:"tooltip,omitempty"`
	ValueMode     string          `json:"valueMode,omitempty"`
	YAxis         *heatmapAxis    `json:"yAxis,omitempty"`

	sortBy text // the column, as it is shown
}

type sortBy struct {
	Desc        bool   `json:"desc"`
	DisplayName string `json:"displayName"`
}

type reduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

var lastValue = &reduceOptions{Calcs: []string{"lastNotNull"}}

type legendOptions struct {
	Calcs       []string `json:"calcs"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
}

type tooltipOptions struct {
	Mode string `json:"mode"`
	Sort string `json:"sort,omitempty"` // not of a heatmap
}

type heatmapColor struct {
	Exponent float64 `json:"exponent"`
	Fill     string  `json:"fill"`
	Mode     string  `json:"mode"`
	Reverse  bool    `json:"reverse"`
	Scale    string  `json:"scale"`
	Scheme   string  `json:"scheme"`
	Steps    int     `json:"steps"`
}

type heatmapAxis struct {
	AxisPlacement string `json:"axisPlacement"`
	Unit          string `json:"unit"`
}

type heatmapCells struct {
	Unit string `json:"unit"`
}
