// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package grafana has the fields of Grafana's classic dashboard JSON that the dashboards use;
// see
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/.
package grafana

// SchemaVersion is the version of the JSON.
const SchemaVersion = 41

// A Dashboard is the whole file.
type Dashboard struct {
	Annotations  Annotations `json:"annotations"`
	Description  string      `json:"description"`
	Editable     bool        `json:"editable"`
	GraphTooltip int         `json:"graphTooltip"`
	ID           *int        `json:"id"` // null: Grafana gives it one
	Links        []Link      `json:"links"`
	Panels       []Panel     `json:"panels"`
	Refresh      string      `json:"refresh"`
	Schema       int         `json:"schemaVersion"`
	Tags         []string    `json:"tags"`
	Templating   Templating  `json:"templating"`
	Time         TimeRange   `json:"time"`
	Timepicker   struct{}    `json:"timepicker"`
	Timezone     string      `json:"timezone"`
	Title        string      `json:"title"`
	UID          string      `json:"uid"`
	Version      int         `json:"version"`
}

// A TimeRange is what a dashboard shows at first.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Annotations are the marks over all graphs.
type Annotations struct {
	List []Annotation `json:"list"`
}

// An Annotation is a query whose results are marks.
type Annotation struct {
	Datasource  Datasource `json:"datasource"`
	Enable      bool       `json:"enable"`
	Expr        string     `json:"expr"`
	IconColor   string     `json:"iconColor"`
	Name        string     `json:"name"`
	Step        string     `json:"step"`
	TitleFormat string     `json:"titleFormat"`
}

// A Datasource names the source of a query, or the variable that does.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// A Link stands at the top of a dashboard.
type Link struct {
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

// Templating has the variables.
type Templating struct {
	List []Variable `json:"list"`
}

// A Variable can be chosen at the top of a dashboard.
type Variable struct {
	AllValue    string           `json:"allValue,omitempty"`
	Current     *VariableOption  `json:"current,omitempty"`
	Datasource  *Datasource      `json:"datasource,omitempty"`
	Description string           `json:"description"`
	Hide        int              `json:"hide"`
	IncludeAll  bool             `json:"includeAll"`
	Label       string           `json:"label"`
	Multi       bool             `json:"multi"`
	Name        string           `json:"name"`
	Options     []VariableOption `json:"options"`
	Query       string           `json:"query"`
	Refresh     int              `json:"refresh,omitempty"`
	SkipURLSync bool             `json:"skipUrlSync"`
	Sort        int              `json:"sort,omitempty"`
	Type        string           `json:"type"`
}

// A VariableOption holds lists of strings for a variable of many values.
// A VariableOption is a value of a variable.
type VariableOption struct {
	Selected bool `json:"selected"`
	Text     any  `json:"text"`
	Value    any  `json:"value"`
}

// A Panel is a graph, a table or the heading of a row.
type Panel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"` // not of a row
	GridPos         GridPos          `json:"gridPos"`
	Collapsed       *bool            `json:"collapsed,omitempty"` // of a row
	Panels          *[]Panel         `json:"panels,omitempty"`    // of a row
	Datasource      *Datasource      `json:"datasource,omitempty"`
	Interval        string           `json:"interval,omitempty"`
	FieldConfig     *FieldConfig     `json:"fieldConfig,omitempty"`
	Options         *Options         `json:"options,omitempty"`
	Targets         []Target         `json:"targets,omitempty"`
	Transformations []Transformation `json:"transformations,omitempty"`
}

// A GridPos is where a panel stands, in units of the grid.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// A Target is a query of a panel.
type Target struct {
	Datasource   Datasource `json:"datasource"`
	EditorMode   string     `json:"editorMode"`
	Expr         string     `json:"expr"`
	Format       string     `json:"format"`
	Instant      bool       `json:"instant"`
	LegendFormat string     `json:"legendFormat"`
	Range        bool       `json:"range"`
	RefID        string     `json:"refId"`
}

// A FieldConfig is how values are shown.
type FieldConfig struct {
	Defaults  FieldDefaults `json:"defaults"`
	Overrides []Override    `json:"overrides"`
}

// FieldDefaults hold for all series of a panel.
type FieldDefaults struct {
	Color      Color          `json:"color"`
	Custom     Custom         `json:"custom"`
	Links      []DataLink     `json:"links,omitempty"`
	Mappings   []ValueMapping `json:"mappings"`
	Max        *float64       `json:"max,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	NoValue    string         `json:"noValue,omitempty"`
	Thresholds Thresholds     `json:"thresholds"`
	Unit       string         `json:"unit"`
}

// A Color is how a color is chosen.
type Color struct {
	Mode string `json:"mode"`
}

// Custom has what only some types of panels know.
type Custom struct {
	DrawStyle   string    `json:"drawStyle,omitempty"`
	FillOpacity int       `json:"fillOpacity,omitempty"`
	LineWidth   int       `json:"lineWidth,omitempty"`
	ShowPoints  string    `json:"showPoints,omitempty"`
	Stacking    *Stacking `json:"stacking,omitempty"`
}

// Stacking adds series up.
type Stacking struct {
	Group string `json:"group"`
	Mode  string `json:"mode"`
}

// Thresholds color values.
type Thresholds struct {
	Mode  string      `json:"mode"`
	Steps []Threshold `json:"steps"`
}

// A Threshold is the color from a value on.
type Threshold struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"` // null: from minus infinity
}

// A ValueMapping shows a range of values as a word.
type ValueMapping struct {
	Type    string       `json:"type"`
	Options MappingRange `json:"options"`
}

// A MappingRange is a range of values and its word.
type MappingRange struct {
	From   *float64      `json:"from"`
	To     *float64      `json:"to"`
	Result MappingResult `json:"result"`
}

// A MappingResult is the word and its color.
type MappingResult struct {
	Color string `json:"color"`
	Index int    `json:"index"`
	Text  string `json:"text"`
}

// A DataLink leads from a value to a page.
type DataLink struct {
	TargetBlank bool   `json:"targetBlank"`
	Title       string `json:"title"`
	URL         string `json:"url"`
}

// An Override changes the defaults for one column.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// A Matcher names the column of an override.
type Matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

// A Property is what an override changes.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"` // a string, or links where ID is "links"
}

// A Transformation turns the results of queries into a table.
type Transformation struct {
	ID      string           `json:"id"`
	Options TransformOptions `json:"options"`
}

// TransformOptions has the options of all transformations that are used.
type TransformOptions struct {
	ColumnField string         `json:"columnField,omitempty"`
	EmptyValue  string         `json:"emptyValue,omitempty"`
	Include     *FilterFields  `json:"include,omitempty"`
	IndexByName map[string]int `json:"indexByName,omitempty"`
	RowField    string         `json:"rowField,omitempty"`
	ValueField  string         `json:"valueField,omitempty"`
}

// FilterFields names the columns to keep.
type FilterFields struct {
	Names []string `json:"names"`
}

// Options has the options of all types of panels that are used. Each type sets its own.
type Options struct {
	AlignValue    string          `json:"alignValue,omitempty"`
	CellHeight    string          `json:"cellHeight,omitempty"`
	Cells         *HeatmapCells   `json:"cellValues,omitempty"`
	Color         *HeatmapColor   `json:"color,omitempty"`
	ColorMode     string          `json:"colorMode,omitempty"`
	DisplayMode   string          `json:"displayMode,omitempty"`
	GraphMode     string          `json:"graphMode,omitempty"`
	JustifyMode   string          `json:"justifyMode,omitempty"`
	Legend        *LegendOptions  `json:"legend,omitempty"`
	MergeValues   bool            `json:"mergeValues,omitempty"`
	Orientation   string          `json:"orientation,omitempty"`
	ReduceOptions *ReduceOptions  `json:"reduceOptions,omitempty"`
	RowHeight     float64         `json:"rowHeight,omitempty"`
	ShowHeader    bool            `json:"showHeader,omitempty"`
	ShowUnfilled  bool            `json:"showUnfilled,omitempty"`
	ShowValue     string          `json:"showValue,omitempty"`
	SortBy        []SortBy        `json:"sortBy,omitempty"`
	TextMode      string          `json:"textMode,omitempty"`
	Tooltip       *TooltipOptions `json:"tooltip,omitempty"`
	ValueMode     string          `json:"valueMode,omitempty"`
	YAxis         *HeatmapAxis    `json:"yAxis,omitempty"`
}

// SortBy names the column that sorts a table.
type SortBy struct {
	Desc        bool   `json:"desc"`
	DisplayName string `json:"displayName"`
}

// ReduceOptions choose one value of a series.
type ReduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

// LegendOptions say where the legend stands.
type LegendOptions struct {
	Calcs       []string `json:"calcs"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
}

// TooltipOptions say what a tooltip shows.
type TooltipOptions struct {
	Mode string `json:"mode"`
	Sort string `json:"sort,omitempty"` // not of a heatmap
}

// A HeatmapColor is the scale of a heatmap.
type HeatmapColor struct {
	Exponent float64 `json:"exponent"`
	Fill     string  `json:"fill"`
	Mode     string  `json:"mode"`
	Reverse  bool    `json:"reverse"`
	Scale    string  `json:"scale"`
	Scheme   string  `json:"scheme"`
	Steps    int     `json:"steps"`
}

// A HeatmapAxis is the vertical axis of a heatmap.
type HeatmapAxis struct {
	AxisPlacement string `json:"axisPlacement"`
	Unit          string `json:"unit"`
}

// HeatmapCells say how the cells of a heatmap are read.
type HeatmapCells struct {
	Unit string `json:"unit"`
}
