/* parse.y -- the grammar: tokens to the tree of ast.h. It looks no name up (bind.c does). Tokens
 * carry no value, only their place; every node is made by a function of build.h in the arena, so
 * that nothing is ever freed here. Expected tokens are exact (LAC): diagnostics and completion. */

%require "3.8"
%define api.pure full
%define api.push-pull push
%define api.prefix {query_yy}
%define api.token.prefix {T_}
%define api.value.type union
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%expect 0
%parse-param {struct parser *parser}

%code requires {
#include "build.h"
}

%code provides {
/* The names of the tokens that could come next, by the table below; returns how many there are. */
enum { PARSER_NAMES_MAX = 128 };
size_t parser_expected(query_yypstate *state, const char *names[PARSER_NAMES_MAX]);
}

%code {
#include "syntax.h"

#define YYLLOC_DEFAULT(here, parts, count)                                                         \
    ((here) = (count) ? span_join(YYRHSLOC(parts, 1), YYRHSLOC(parts, count))                      \
                      : (struct span){YYRHSLOC(parts, 0).start + YYRHSLOC(parts, 0).len, 0})

/* A level of nesting takes at most 5 symbols (`name | versus (`); what nests in other ways is
 * counted by build.c. */
#define YYMAXDEPTH (5 * PACE_MAX_DEPTH + 100)

#define NEED(node)                                                                                 \
    do {                                                                                           \
        if (!(node)) YYABORT;                                                                      \
    } while (0)

static void yyerror(const struct span *, struct parser *, const char *);
}

%token YYEOF 0      "end of input"
%token NAME         "a name"
%token KEY          "a key"
%token GLOB         "a pattern"
%token REGEX        "a regex"
%token STRING       "a quoted text"
%token VAR          "a variable"
%token PATH         "a path"
%token NUMBER       "a number"
%token QUANTITY     "a quantity"
%token DATE         "a date"

%token PIPE "|"  SEMICOLON ";"  COMMA ","  OPEN "("  CLOSE ")"  ASSIGN "="
%token EQ "=="  NE "!="  LT "<"  LE "<="  GT ">"  GE ">="  MATCHES "~"
%token PLUS "+"  MINUS "-"  STAR "*"  SLASH "/"

%token ACCEPT "accept"  AGO "ago"  ALERT "alert"  ALIAS "alias"  ALL "all"  ALPHA "alpha"  AND "and"
%token ARCHIVE "archive"  AS "as"  ASC "asc"  AT "at"  BASE "base"  BASELINE "baseline"
%token BETWEEN "between"  BOTTOM "bottom"  BY "by"  CHANGES "changes"  CHECK "check"
%token CONFIRM "confirm"  DERIVE "derive"  DESC "desc"  DROP "drop"  EFFECT "effect"  ELSE "else"
%token EXCLUDE "exclude"  EXPECT "expect"  EXPLAIN "explain"  FDR "fdr"  FIRST "first"
%token FLOOR "floor"  FOR "for"  HIGHER "higher"  IS "is"  KEEP "keep"  LAG "lag"  LAST "last"
%token LET "let"  LOWER "lower"  MARK "mark"  MEASURE "measure"  NEEDS "needs"  NONE "none"
%token NOT "not"  NOW "now"  OF "of"  OR "or"  OVER "over"  PER "per"  PUT "put"  SAVE "save"
%token SEGMENT "segment"  SHOW "show"  SINCE "since"  SOME "some"  SORT "sort"
%token SUMMARIZE "summarize"  TAKE "take"  THRESHOLD "threshold"  TOP "top"  UNDO "undo"
%token UNTIL "until"  UPPER "upper"  USE "use"  USING "using"  VERSUS "versus"  VIEW "view"
%token WHERE "where"  WITH "with"  WITHIN "within"

%type <struct statement *> statements statement definition command
%type <enum direction_word> direction
%type <enum object_word> kind
%type <enum mark_word> marking
%type <struct query *> query
%type <struct source *> source
%type <struct selector *> selector any_of all_of term match matches for_selector some_selector
%type <struct pattern *> pattern
%type <struct stage *> stages stage
%type <enum stage_kind> last_or_first since_or_until top_or_bottom
%type <struct model *> model
%type <struct option *> options option windows window
%type <enum option_kind> bounded counted
%type <struct value *> bound some_bound quantity number count
%type <struct window_span *> span
%type <struct instant *> instant at_instant
%type <struct binding *> bindings binding columns column keys key by_columns
%type <struct name_item *> names per_names
%type <struct expr *> expr primary args some_args
%type <struct span> note

%left "or"
%left "and"
%precedence "not"
%nonassoc "==" "!=" "<" "<=" ">" ">=" "~" "is"
%left "else"
%left "+" "-"
%left "*" "/"
%precedence NEGATE

%%

/* -- statements ------------------------------------------------------------------------------ */

script
  : statements                  { NEED(parser->script = build_script(parser, $1)); }
  ;

statements
  : statement                   { $$ = statement_append(NULL, $1); }
  | statements next statement   { $$ = statement_append($1, $3); }
  ;

next
  : ";"                         { parser->node_count = 0; }
  ;

statement
  : %empty                      { $$ = NULL; }
  | query
      { NEED($$ = build_statement(parser, STATEMENT_QUERY, @$)); $$->query = $1; }
  | "explain" query
      {
        NEED($$ = build_statement(parser, STATEMENT_QUERY, @$));
        $$->explain = true;
        $$->query = $2;
      }
  | definition
  | "save" definition           { $$ = $2; $$->save = true; $$->span = @$; }
  | command
  ;

definition
  : "let" NAME "=" expr
      {
        NEED($$ = build_statement(parser, STATEMENT_LET, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        $$->expr = $4;
      }
  | "view" NAME "=" query
      {
        NEED($$ = build_statement(parser, STATEMENT_VIEW, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        $$->query = $4;
      }
  | "threshold" NAME "=" model for_selector
      {
        NEED($$ = build_statement(parser, STATEMENT_THRESHOLD, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        $$->model = *$4;
        $$->selector = $5;
      }
  | "alert" NAME "=" query
      {
        NEED($$ = build_statement(parser, STATEMENT_ALERT, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        $$->query = $4;
      }
  | "measure" NAME "=" unit direction
      {
        NEED($$ = build_statement(parser, STATEMENT_MEASURE, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        NEED(build_unit(parser, $$, @4));
        $$->direction = $5;
      }
  ;

for_selector
  : %empty                      { $$ = NULL; }
  | "for" selector              { $$ = $2; }
  ;

unit
  : name
  | STRING
  ;

direction
  : %empty                      { $$ = DIRECTION_NONE; }
  | "lower"                     { $$ = DIRECTION_LOWER; }
  | "higher"                    { $$ = DIRECTION_HIGHER; }
  ;

command
  : "show" word some_selector
      {
        NEED($$ = build_statement(parser, STATEMENT_SHOW, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        $$->selector = $3;
      }
  | "drop" kind NAME
      {
        NEED($$ = build_statement(parser, STATEMENT_DROP, @$));
        $$->object = $2;
        $$->name = slice_of(parser, @3); $$->name_span = @3;
      }
  | "use" selector
      { NEED($$ = build_statement(parser, STATEMENT_USE, @$)); $$->selector = $2; }
  | "put" selector quantity at_instant
      {
        NEED($$ = build_statement(parser, STATEMENT_PUT, @$));
        $$->selector = $2;
        $$->quantity = *$3;
        if ($4) $$->has_instant = true, $$->instant = *$4;
      }
  | "mark" marking selector at_instant note
      {
        NEED($$ = build_statement(parser, STATEMENT_MARK, @$));
        $$->mark = $2;
        $$->selector = $3;
        if ($4) $$->has_instant = true, $$->instant = *$4;
        if ($5.len) NEED(build_note(parser, $$, $5));
      }
  | "mark" "alias" match "as" match note
      {
        NEED($$ = build_statement(parser, STATEMENT_MARK, @$));
        $$->mark = MARK_ALIAS;
        $$->key = $3->key; $$->pattern = $3->pattern;
        $$->to_key = $5->key; $$->to_pattern = $5->pattern;
        if ($6.len) NEED(build_note(parser, $$, $6));
      }
  | "mark" "undo" NUMBER
      {
        struct value *number;
        NEED($$ = build_statement(parser, STATEMENT_MARK_UNDO, @$));
        NEED(number = build_number(parser, @3, false, @3));
        $$->number = number->number;
      }
  ;

word
  : name
  | "alert"
  | "let"
  | "mark"
  | "threshold"
  | "use"
  | "view"
  ;

kind
  : "let"                       { $$ = WORD_LET; }
  | "view"                      { $$ = WORD_VIEW; }
  | "threshold"                 { $$ = WORD_THRESHOLD; }
  | "alert"                     { $$ = WORD_ALERT; }
  | "measure"                   { $$ = WORD_MEASURE; }
  ;

marking
  : "accept"                    { $$ = MARK_ACCEPT; }
  | "exclude"                   { $$ = MARK_EXCLUDE; }
  | "archive"                   { $$ = MARK_ARCHIVE; }
  ;

some_selector
  : %empty                      { $$ = NULL; }
  | selector
  ;

at_instant
  : %empty                      { $$ = NULL; }
  | "at" instant                { $$ = $2; }
  ;

note
  : %empty                      { $$ = (struct span){0, 0}; }
  | STRING                      { $$ = @1; }
  ;

/* -- which series ---------------------------------------------------------------------------- */

query
  : source stages               { NEED($$ = build_query(parser, $1, stage_close($2), @$)); }
  ;

source
  : selector
      { NEED($$ = build_source(parser, SOURCE_SELECTOR, @$)); $$->selector = $1; }
  | NAME
      { NEED($$ = build_source(parser, SOURCE_NAME, @$)); $$->name = slice_of(parser, @1); }
  | "(" query ")"
      { NEED($$ = build_source(parser, SOURCE_QUERY, @$)); $$->query = $2; }
  ;

selector
  : any_of                      { NEED($$ = build_group(parser, SELECT_OR, $1, @$)); }
  ;

any_of
  : all_of
      {
        NEED($$ = build_group(parser, SELECT_AND, $1, @$));
        $$ = selector_append(NULL, $$);
      }
  | any_of "or" all_of
      {
        NEED($$ = build_group(parser, SELECT_AND, $3, @3));
        $$ = selector_append($1, $$);
      }
  ;

all_of
  : term                        { $$ = selector_append(NULL, $1); }
  | all_of term                 { $$ = selector_append($1, $2); }
  ;

term
  : PATH                        { NEED($$ = build_path(parser, @1)); }
  | match
  | "not" match                 { NEED($$ = build_not(parser, $2, @$)); }
  ;

match
  : KEY pattern                 { NEED($$ = build_match(parser, @1, $2, @$)); }
  ;

matches
  : match                       { $$ = selector_append(NULL, $1); }
  | matches match               { $$ = selector_append($1, $2); }
  ;

pattern
  : GLOB                        { NEED($$ = build_pattern(parser, PATTERN_GLOB, @1)); }
  | REGEX                       { NEED($$ = build_pattern(parser, PATTERN_REGEX, @1)); }
  | STRING                      { NEED($$ = build_pattern(parser, PATTERN_STRING, @1)); }
  | VAR                         { NEED($$ = build_pattern(parser, PATTERN_VAR, @1)); }
  ;

/* -- stages ---------------------------------------------------------------------------------- */

stages
  : %empty                      { $$ = NULL; }
  | stages "|" stage            { $$ = stage_append($1, $3); }
  ;

stage
  : last_or_first span
      { NEED($$ = build_stage(parser, $1, @1, @$)); $$->window = *$2; }
  | since_or_until instant
      { NEED($$ = build_stage(parser, $1, @1, @$)); $$->from = *$2; }
  | "between" instant "and" instant
      { NEED($$ = build_stage(parser, STAGE_BETWEEN, @1, @$)); $$->from = *$2; $$->to = *$4; }
  | "where" expr
      { NEED($$ = build_stage(parser, STAGE_WHERE, @1, @$)); $$->expr = $2; }
  | "with" NAME
      {
        NEED($$ = build_stage(parser, STAGE_WITH, @1, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
      }
  | "derive" bindings
      { NEED($$ = build_stage(parser, STAGE_DERIVE, @1, @$)); $$->bindings = binding_close($2); }
  | "keep" names
      { NEED($$ = build_stage(parser, STAGE_KEEP, @1, @$)); $$->names = name_item_close($2); }
  | "summarize" columns by_columns
      {
        NEED($$ = build_stage(parser, STAGE_SUMMARIZE, @1, @$));
        $$->bindings = binding_close($2);
        $$->by = $3;
      }
  | "sort" keys
      { NEED($$ = build_stage(parser, STAGE_SORT, @1, @$)); $$->bindings = binding_close($2); }
  | "take" count
      {
        NEED($$ = build_stage(parser, STAGE_TAKE, @1, @$));
        $$->number = *$2;
      }
  | top_or_bottom count "by" expr per_names
      {
        NEED($$ = build_stage(parser, $1, @1, @$));
        $$->number = *$2;
        $$->expr = $4;
        $$->names = $5;
      }
  | "baseline" name options
      {
        NEED($$ = build_stage(parser, STAGE_BASELINE, @1, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
        $$->options = option_close($3);
      }
  | "check" options
      {
        NEED($$ = build_stage(parser, STAGE_CHECK, @1, @$));
        $$->options = option_close($2);
      }
  | "check" model
      {
        NEED($$ = build_stage(parser, STAGE_CHECK, @1, @$));
        $$->has_model = true;
        $$->model = *$2;
      }
  | "changes" options
      {
        NEED($$ = build_stage(parser, STAGE_CHANGES, @1, @$));
        $$->options = option_close($2);
      }
  | "versus" "base" options
      {
        NEED($$ = build_stage(parser, STAGE_VERSUS, @1, @$));
        $$->options = option_close($3);
      }
  | "versus" source options
      {
        NEED($$ = build_stage(parser, STAGE_VERSUS, @1, @$));
        $$->source = $2;
        $$->options = option_close($3);
      }
  | "expect" "none"
      { NEED($$ = build_stage(parser, STAGE_EXPECT, @1, @$)); $$->expect = EXPECT_NONE; }
  | "expect" "some"
      { NEED($$ = build_stage(parser, STAGE_EXPECT, @1, @$)); $$->expect = EXPECT_SOME; }
  | "expect" expr
      {
        NEED($$ = build_stage(parser, STAGE_EXPECT, @1, @$));
        $$->expect = EXPECT_EXPR;
        $$->expr = $2;
      }
  | "as" NAME
      {
        NEED($$ = build_stage(parser, STAGE_AS, @1, @$));
        $$->name = slice_of(parser, @2); $$->name_span = @2;
      }
  ;

last_or_first
  : "last"                      { $$ = STAGE_LAST; }
  | "first"                     { $$ = STAGE_FIRST; }
  ;

since_or_until
  : "since"                     { $$ = STAGE_SINCE; }
  | "until"                     { $$ = STAGE_UNTIL; }
  ;

top_or_bottom
  : "top"                       { $$ = STAGE_TOP; }
  | "bottom"                    { $$ = STAGE_BOTTOM; }
  ;

by_columns
  : %empty                      { $$ = NULL; }
  | "by" columns                { $$ = binding_close($2); }
  ;

per_names
  : %empty                      { $$ = NULL; }
  | "per" names                 { $$ = name_item_close($2); }
  ;

bindings
  : binding                     { $$ = binding_append(NULL, $1); }
  | bindings "," binding        { $$ = binding_append($1, $3); }
  ;

binding
  : name "=" expr               { NEED($$ = build_binding(parser, @1, $3)); }
  ;

columns
  : column                      { $$ = binding_append(NULL, $1); }
  | columns "," column          { $$ = binding_append($1, $3); }
  ;

column
  : expr                        { NEED($$ = build_binding(parser, (struct span){0, 0}, $1)); }
  | binding
  ;

keys
  : key                         { $$ = binding_append(NULL, $1); }
  | keys "," key                { $$ = binding_append($1, $3); }
  ;

key
  : expr                        { NEED($$ = build_binding(parser, (struct span){0, 0}, $1)); }
  | expr "asc"                  { NEED($$ = build_binding(parser, (struct span){0, 0}, $1)); }
  | expr "desc"
      {
        NEED($$ = build_binding(parser, (struct span){0, 0}, $1));
        $$->descending = true;
      }
  ;

names
  : name
      { NEED($$ = build_name(parser, @1)); $$ = name_item_append(NULL, $$); }
  | names "," name
      { NEED($$ = build_name(parser, @3)); $$ = name_item_append($1, $$); }
  ;

/* -- models, options, values ----------------------------------------------------------------- */

model
  : NAME some_bound options     { NEED($$ = build_model(parser, @1, $2, option_close($3), @$)); }
  ;

some_bound
  : %empty                      { $$ = NULL; }
  | bound
  ;

options
  : %empty                      { $$ = NULL; }
  | options option              { $$ = option_append($1, $2); }
  ;

option
  : bounded bound               { NEED($$ = build_option(parser, $1, @$)); $$->bound = *$2; }
  | window
  | "confirm" count
      { NEED($$ = build_option(parser, OPTION_CONFIRM, @$)); $$->number = *$2; }
  | "confirm" count "of" count
      {
        NEED($$ = build_option(parser, OPTION_CONFIRM, @$));
        $$->number = *$2;
        $$->of_number = *$4;
      }
  | "using" NAME
      { NEED($$ = build_option(parser, OPTION_USING, @$)); $$->name = slice_of(parser, @2); }
  ;

bounded
  : "upper"                     { $$ = OPTION_UPPER; }
  | "lower"                     { $$ = OPTION_LOWER; }
  | "within"                    { $$ = OPTION_WITHIN; }
  | "alpha"                     { $$ = OPTION_ALPHA; }
  | "floor"                     { $$ = OPTION_FLOOR; }
  | "effect"                    { $$ = OPTION_EFFECT; }
  | "fdr"                       { $$ = OPTION_FDR; }
  ;

windows
  : %empty                      { $$ = NULL; }
  | windows window              { $$ = option_append($1, $2); }
  ;

window
  : "over" span
      { NEED($$ = build_option(parser, OPTION_OVER, @$)); $$->window = *$2; }
  | counted count
      { NEED($$ = build_option(parser, $1, @$)); $$->number = *$2; }
  ;

counted
  : "lag"                       { $$ = OPTION_LAG; }
  | "needs"                     { $$ = OPTION_NEEDS; }
  ;

bound
  : quantity
  | NAME                        { NEED($$ = build_word(parser, VALUE_NAME, @1)); }
  | VAR                         { NEED($$ = build_word(parser, VALUE_VAR, @1)); }
  ;

quantity
  : number
  | QUANTITY                    { NEED($$ = build_number(parser, @1, false, @$)); }
  | "-" NUMBER                  { NEED($$ = build_number(parser, @2, true, @$)); }
  | "-" QUANTITY                { NEED($$ = build_number(parser, @2, true, @$)); }
  ;

number
  : NUMBER                      { NEED($$ = build_number(parser, @1, false, @$)); }
  ;

count
  : number
  | VAR                         { NEED($$ = build_word(parser, VALUE_VAR, @1)); }
  ;

span
  : number
      { NEED($$ = build_window(parser, WINDOW_COUNT, $1, (struct slice){0}, @$)); }
  | number NAME
      { NEED($$ = build_window(parser, WINDOW_COUNT, $1, slice_of(parser, @2), @$)); }
  | QUANTITY
      {
        struct value *time;
        NEED(time = build_number(parser, @1, false, @1));
        NEED($$ = build_window(parser, WINDOW_TIME, time, (struct slice){0}, @$));
      }
  | NAME
      { NEED($$ = build_window(parser, WINDOW_WORD, NULL, slice_of(parser, @1), @$)); }
  | VAR
      {
        struct value *name;
        NEED(name = build_word(parser, VALUE_VAR, @1));
        NEED($$ = build_window(parser, WINDOW_VAR, name, name->name, @$));
      }
  | "all"
      { NEED($$ = build_window(parser, WINDOW_ALL, NULL, (struct slice){0}, @$)); }
  | "segment"
      { NEED($$ = build_window(parser, WINDOW_SEGMENT, NULL, (struct slice){0}, @$)); }
  ;

instant
  : DATE                        { NEED($$ = build_instant(parser, INSTANT_DATE, @$)); }
  | "now"                       { NEED($$ = build_instant(parser, INSTANT_NOW, @$)); }
  | QUANTITY "ago"
      {
        struct value *quantity;
        NEED($$ = build_instant(parser, INSTANT_AGO, @$));
        NEED(quantity = build_number(parser, @1, false, @1));
        $$->quantity = *quantity;
      }
  | VAR
      {
        NEED($$ = build_instant(parser, INSTANT_VAR, @$));
        $$->text = slice_of(parser, (struct span){@1.start + 1, @1.len - 1});
      }
  | match
      {
        NEED($$ = build_instant(parser, INSTANT_MATCH, @$));
        $$->key = $1->key;
        $$->pattern = $1->pattern;
      }
  ;

/* Words that are also names, for columns and functions of the same name. */
name
  : NAME
  | "last"
  | "first"
  | "upper"
  | "lower"
  | "changes"
  | "baseline"
  | "floor"
  | "measure"
  | "with"
  | "higher"
  | "alpha"
  | "effect"
  | "base"
  | "until"
  ;

/* -- expressions ----------------------------------------------------------------------------- */

expr
  : expr "or" expr              { NEED($$ = build_binary(parser, OP_OR, $1, $3, @2, @$)); }
  | expr "and" expr             { NEED($$ = build_binary(parser, OP_AND, $1, $3, @2, @$)); }
  | "not" expr                  { NEED($$ = build_unary(parser, EXPR_NOT, $2, @$)); }
  | expr "==" expr              { NEED($$ = build_binary(parser, OP_EQ, $1, $3, @2, @$)); }
  | expr "!=" expr              { NEED($$ = build_binary(parser, OP_NE, $1, $3, @2, @$)); }
  | expr "<" expr               { NEED($$ = build_binary(parser, OP_LT, $1, $3, @2, @$)); }
  | expr "<=" expr              { NEED($$ = build_binary(parser, OP_LE, $1, $3, @2, @$)); }
  | expr ">" expr               { NEED($$ = build_binary(parser, OP_GT, $1, $3, @2, @$)); }
  | expr ">=" expr              { NEED($$ = build_binary(parser, OP_GE, $1, $3, @2, @$)); }
  | expr "~" REGEX
      {
        struct pattern *pattern;
        NEED($$ = build_unary(parser, EXPR_REGEX, $1, @$));
        NEED(pattern = build_pattern(parser, PATTERN_REGEX, @3));
        $$->pattern = *pattern;
      }
  | expr "is" "none"            { NEED($$ = build_unary(parser, EXPR_IS_NONE, $1, @$)); }
  | expr "is" "not" "none"      { NEED($$ = build_unary(parser, EXPR_IS_NOT_NONE, $1, @$)); }
  | expr "else" expr            { NEED($$ = build_binary(parser, OP_ELSE, $1, $3, @2, @$)); }
  | expr "+" expr               { NEED($$ = build_binary(parser, OP_ADD, $1, $3, @2, @$)); }
  | expr "-" expr               { NEED($$ = build_binary(parser, OP_SUB, $1, $3, @2, @$)); }
  | expr "*" expr               { NEED($$ = build_binary(parser, OP_MUL, $1, $3, @2, @$)); }
  | expr "/" expr               { NEED($$ = build_binary(parser, OP_DIV, $1, $3, @2, @$)); }
  | "-" expr %prec NEGATE       { NEED($$ = build_unary(parser, EXPR_NEGATE, $2, @$)); }
  | primary
  ;

primary
  : NUMBER                      { NEED($$ = build_leaf(parser, EXPR_NUMBER, @$)); }
  | QUANTITY                    { NEED($$ = build_leaf(parser, EXPR_QUANTITY, @$)); }
  | DATE                        { NEED($$ = build_leaf(parser, EXPR_DATE, @$)); }
  | STRING                      { NEED($$ = build_leaf(parser, EXPR_STRING, @$)); }
  | VAR                         { NEED($$ = build_leaf(parser, EXPR_VAR, @$)); }
  | "now"                       { NEED($$ = build_leaf(parser, EXPR_NOW, @$)); }
  | name                        { NEED($$ = build_leaf(parser, EXPR_NAME, @$)); }
  | name "(" some_args ")" windows
      {
        NEED($$ = build_call(parser, @1, expr_close($3), @$));
        $$->window = option_close($5);
      }
  | name "of" matches
      {
        struct selector *siblings;
        NEED(siblings = build_group(parser, SELECT_AND, $3, @3));
        NEED($$ = build_of(parser, @1, siblings, @$));
      }
  | match
      { NEED($$ = build_leaf(parser, EXPR_MATCH, @$)); $$->selector = $1; }
  | "(" expr ")"                { $$ = $2; }
  ;

some_args
  : %empty                      { $$ = NULL; }
  | args
  ;

args
  : expr                        { $$ = expr_append(NULL, $1); }
  | args "," expr               { $$ = expr_append($1, $3); }
  ;

%%

static void yyerror(const struct span *span, struct parser *parser, const char *message)
{
    (void)message; /* "memory exhausted": the stack's limit; syntax errors are reported below */
    syntax_too_deep(parser, *span);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *parser)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    const char *names[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++)
        names[i] = yysymbol_name(kinds[i]);
    syntax_unexpected(parser, names, count < 0 ? 0 : (size_t)count);
    return 0;
}

_Static_assert(YYNTOKENS <= PARSER_NAMES_MAX, "every token has room");

size_t parser_expected(yypstate *state, const char *names[PARSER_NAMES_MAX])
{
    yysymbol_kind_t kinds[YYNTOKENS];
    int count = yypstate_expected_tokens(state, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++)
        names[i] = yysymbol_name(kinds[i]);
    return count < 0 ? 0 : (size_t)count;
}
