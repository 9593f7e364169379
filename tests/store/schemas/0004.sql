BEGIN TRANSACTION;
CREATE TABLE access_tokens (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	scopes TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	last_used_at BIGINT, 
	CONSTRAINT pk_access_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_access_tokens_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_access_tokens_digest UNIQUE (digest)
);
INSERT INTO "access_tokens" VALUES('one','default','one','one','{"a": [1, "ü", null]}',1,1);
CREATE TABLE account_worth (
	user_id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	equity VARCHAR NOT NULL, 
	cash VARCHAR NOT NULL, 
	CONSTRAINT pk_account_worth PRIMARY KEY (user_id, account, at), 
	CONSTRAINT fk_account_worth_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "account_worth" VALUES('default','one',1,'1234567890.123456789','1234567890.123456789');
CREATE TABLE accounts (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	broker VARCHAR NOT NULL, 
	mode VARCHAR NOT NULL, 
	label VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	details TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT fk_accounts_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "accounts" VALUES('one','default','one','one','one','one',1,'{"a": [1, "ü", null]}',1);
CREATE TABLE adaptations (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	strategy_id VARCHAR NOT NULL, 
	optimization_job_id VARCHAR, 
	params_before TEXT NOT NULL, 
	params_after TEXT NOT NULL, 
	reason VARCHAR NOT NULL, 
	evidence TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	decided_by VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	decided_at BIGINT, 
	CONSTRAINT pk_adaptations PRIMARY KEY (id), 
	CONSTRAINT fk_adaptations_optimization_job_id_optimization_jobs FOREIGN KEY(optimization_job_id) REFERENCES optimization_jobs (id) ON DELETE SET NULL, 
	CONSTRAINT fk_adaptations_strategy_id_strategy_configs FOREIGN KEY(strategy_id) REFERENCES strategy_configs (id) ON DELETE CASCADE, 
	CONSTRAINT fk_adaptations_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "adaptations" VALUES('one','default','one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}','one','{"a": [1, "ü", null]}','one','one',1,1);
CREATE TABLE agent_logs (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	run_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	"trigger" VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	report TEXT NOT NULL, 
	actions_taken TEXT NOT NULL, 
	calls INTEGER NOT NULL, 
	cost_reserved VARCHAR NOT NULL, 
	cost VARCHAR NOT NULL, 
	CONSTRAINT pk_agent_logs PRIMARY KEY (id), 
	CONSTRAINT fk_agent_logs_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "agent_logs" VALUES('one','default',1,1,'one','one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}',1,'1234567890.123456789','1234567890.123456789');
CREATE TABLE ai_conversations (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	messages TEXT NOT NULL, 
	cost VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_ai_conversations PRIMARY KEY (id), 
	CONSTRAINT fk_ai_conversations_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "ai_conversations" VALUES('one','default','one','one','{"a": [1, "ü", null]}','1234567890.123456789',1,1);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE alert_configs (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	alert_type VARCHAR NOT NULL, 
	condition TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	cooldown_seconds INTEGER NOT NULL, 
	last_triggered_at BIGINT, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_alert_configs PRIMARY KEY (id), 
	CONSTRAINT fk_alert_configs_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "alert_configs" VALUES('one','default','one','one','{"a": [1, "ü", null]}',1,1,1,1,1);
CREATE TABLE alert_history (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	alert_config_id VARCHAR, 
	triggered_at BIGINT NOT NULL, 
	severity VARCHAR NOT NULL, 
	message VARCHAR NOT NULL, 
	details TEXT NOT NULL, 
	read_at BIGINT, 
	CONSTRAINT pk_alert_history PRIMARY KEY (id), 
	CONSTRAINT fk_alert_history_alert_config_id_alert_configs FOREIGN KEY(alert_config_id) REFERENCES alert_configs (id) ON DELETE SET NULL, 
	CONSTRAINT fk_alert_history_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "alert_history" VALUES('one','default','one',1,'one','one','{"a": [1, "ü", null]}',1);
CREATE TABLE approvals (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	order_hash VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	worst_price VARCHAR, 
	state VARCHAR NOT NULL, 
	given_by VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	shown_at BIGINT, 
	expires_at BIGINT, 
	used_at BIGINT, payload VARCHAR DEFAULT '' NOT NULL, source VARCHAR DEFAULT '' NOT NULL, source_version VARCHAR DEFAULT '' NOT NULL, slot VARCHAR DEFAULT '' NOT NULL, leg VARCHAR DEFAULT '' NOT NULL, why VARCHAR DEFAULT '' NOT NULL, valid_until BIGINT, 
	CONSTRAINT pk_approvals PRIMARY KEY (id), 
	CONSTRAINT fk_approvals_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "approvals" VALUES('one','default','one','one','1234567890.123456789','1234567890.123456789','one','one',1,1,1,1,'one','one','one','one','one','one',1);
CREATE TABLE attempts (
	user_id VARCHAR NOT NULL, 
	data_key VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	strategy_type VARCHAR NOT NULL, 
	params TEXT NOT NULL, 
	made_by VARCHAR NOT NULL, 
	sharpe FLOAT NOT NULL, 
	bars INTEGER NOT NULL, 
	times INTEGER NOT NULL, 
	first_at BIGINT NOT NULL, 
	last_at BIGINT NOT NULL, 
	CONSTRAINT pk_attempts PRIMARY KEY (user_id, data_key, digest), 
	CONSTRAINT fk_attempts_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "attempts" VALUES('default','one','one','one','{"a": [1, "ü", null]}','one','one',1,1,1,1);
CREATE TABLE audit (
	user_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	actor VARCHAR NOT NULL, 
	capability VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	summary VARCHAR NOT NULL, 
	details VARCHAR NOT NULL, 
	prev_hash VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (user_id, number), 
	CONSTRAINT fk_audit_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "audit" VALUES('default',1,1,'one','one','one','one','one','one','one');
CREATE TABLE backtest_results (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	strategy_id VARCHAR, 
	name VARCHAR NOT NULL, 
	request TEXT NOT NULL, 
	metrics TEXT NOT NULL, 
	report TEXT NOT NULL, 
	data_digest VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, notes VARCHAR DEFAULT '' NOT NULL, tags TEXT DEFAULT '[]' NOT NULL, grade VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_backtest_results PRIMARY KEY (id), 
	CONSTRAINT fk_backtest_results_strategy_id_strategy_configs FOREIGN KEY(strategy_id) REFERENCES strategy_configs (id) ON DELETE SET NULL, 
	CONSTRAINT fk_backtest_results_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "backtest_results" VALUES('one','default','one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}','one',1,'one','{"a": [1, "ü", null]}','one');
CREATE TABLE cash_flows (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	amount VARCHAR NOT NULL, 
	symbol VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	broker_id VARCHAR, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_cash_flows PRIMARY KEY (id), 
	CONSTRAINT fk_cash_flows_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_cash_flows_user_id_account_broker_id UNIQUE (user_id, account, broker_id)
);
INSERT INTO "cash_flows" VALUES('one','default','one','one','1234567890.123456789','one','one','one',1);
CREATE TABLE drawings (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	symbol VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	points TEXT NOT NULL, 
	style TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_drawings PRIMARY KEY (id), 
	CONSTRAINT fk_drawings_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "drawings" VALUES('one','default','one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}',1,1,1);
CREATE TABLE fills (
	broker_order_id VARCHAR NOT NULL, 
	execution_id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	order_id VARCHAR, 
	account VARCHAR NOT NULL, 
	mode VARCHAR NOT NULL, 
	symbol VARCHAR NOT NULL, 
	side VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	price VARCHAR NOT NULL, 
	fees VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	corrects VARCHAR, 
	filled_at BIGINT NOT NULL, 
	received_at BIGINT NOT NULL, 
	CONSTRAINT pk_fills PRIMARY KEY (broker_order_id, execution_id), 
	CONSTRAINT fk_fills_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id), 
	CONSTRAINT fk_fills_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "fills" VALUES('one','one','default','one','one','one','one','one','1234567890.123456789','1234567890.123456789','1234567890.123456789','one','one',1,1);
CREATE TABLE holdings (
	user_id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	symbol VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	average_price VARCHAR NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_holdings PRIMARY KEY (user_id, account, symbol), 
	CONSTRAINT fk_holdings_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "holdings" VALUES('default','one','one','1234567890.123456789','1234567890.123456789',1);
CREATE TABLE "intents" (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	client_id VARCHAR(48) NOT NULL, 
	slot_id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	mode VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	source_version VARCHAR NOT NULL, 
	slot VARCHAR NOT NULL, 
	leg VARCHAR NOT NULL, 
	parent_id VARCHAR, 
	symbol VARCHAR NOT NULL, 
	side VARCHAR NOT NULL, 
	order_type VARCHAR NOT NULL, 
	time_in_force VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	limit_price VARCHAR, 
	stop_price VARCHAR, 
	payload VARCHAR NOT NULL, 
	payload_hash VARCHAR NOT NULL, 
	verdicts TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	shrinks BOOLEAN NOT NULL, 
	reserved VARCHAR NOT NULL, 
	trading_day VARCHAR NOT NULL, 
	approval_id VARCHAR, 
	broker_order_id VARCHAR, 
	reason VARCHAR NOT NULL, 
	valid_until BIGINT NOT NULL, 
	sent_at BIGINT, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	held BOOLEAN DEFAULT 0 NOT NULL, 
	why VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_intents PRIMARY KEY (id), 
	CONSTRAINT fk_intents_approval_id_approvals FOREIGN KEY(approval_id) REFERENCES approvals (id), 
	CONSTRAINT uq_intents_client_id UNIQUE (client_id), 
	CONSTRAINT fk_intents_parent_id_intents FOREIGN KEY(parent_id) REFERENCES intents (id), 
	CONSTRAINT fk_intents_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "intents" VALUES('one','default','one','one','one','one','one','one','one','one',NULL,'one','one','one','one','1234567890.123456789','1234567890.123456789','1234567890.123456789','one','one','{"a": [1, "ü", null]}','one',1,1,'1234567890.123456789','one','one','one','one',1,1,1,1,1,'one');
CREATE TABLE layouts (
	user_id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	state TEXT NOT NULL, 
	geometry VARCHAR NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_layouts PRIMARY KEY (user_id, workspace), 
	CONSTRAINT fk_layouts_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "layouts" VALUES('default','one','{"a": [1, "ü", null]}','one',1);
CREATE TABLE optimization_jobs (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	strategy_id VARCHAR, 
	name VARCHAR NOT NULL, 
	strategy_type VARCHAR NOT NULL, 
	method VARCHAR NOT NULL, 
	objective VARCHAR NOT NULL, 
	space TEXT NOT NULL, 
	request TEXT NOT NULL, 
	seed BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	best_params TEXT, 
	best_metrics TEXT, 
	created_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	CONSTRAINT pk_optimization_jobs PRIMARY KEY (id), 
	CONSTRAINT fk_optimization_jobs_strategy_id_strategy_configs FOREIGN KEY(strategy_id) REFERENCES strategy_configs (id) ON DELETE SET NULL, 
	CONSTRAINT fk_optimization_jobs_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "optimization_jobs" VALUES('one','default','one','one','one','one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}',1,'one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}',1,1);
CREATE TABLE orders (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	intent_id VARCHAR, 
	broker_order_id VARCHAR NOT NULL, 
	client_id VARCHAR, 
	replaces VARCHAR, 
	account VARCHAR NOT NULL, 
	mode VARCHAR NOT NULL, 
	symbol VARCHAR NOT NULL, 
	side VARCHAR NOT NULL, 
	order_type VARCHAR NOT NULL, 
	time_in_force VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	filled_quantity VARCHAR NOT NULL, 
	average_price VARCHAR, 
	limit_price VARCHAR, 
	stop_price VARCHAR, 
	state VARCHAR NOT NULL, 
	raw TEXT NOT NULL, 
	submitted_at BIGINT, 
	updated_at BIGINT NOT NULL, parent_order_id VARCHAR, 
	CONSTRAINT pk_orders PRIMARY KEY (id), 
	CONSTRAINT fk_orders_intent_id_intents FOREIGN KEY(intent_id) REFERENCES intents (id), 
	CONSTRAINT fk_orders_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_orders_user_id_account_broker_order_id UNIQUE (user_id, account, broker_order_id)
);
INSERT INTO "orders" VALUES('one','default','one','one','one','one','one','one','one','one','one','one','1234567890.123456789','1234567890.123456789','1234567890.123456789','1234567890.123456789','1234567890.123456789','one','{"a": [1, "ü", null]}',1,1,'one');
CREATE TABLE paper_books (
	user_id VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	book TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_paper_books PRIMARY KEY (user_id, account), 
	CONSTRAINT fk_paper_books_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "paper_books" VALUES('default','one','{"a": [1, "ü", null]}',1,1);
CREATE TABLE portfolio_goals (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	target_weights TEXT NOT NULL, 
	granted_caps TEXT NOT NULL, 
	drift_threshold VARCHAR NOT NULL, 
	rebalance_mode VARCHAR NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_portfolio_goals PRIMARY KEY (id), 
	CONSTRAINT fk_portfolio_goals_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_portfolio_goals_user_id_name UNIQUE (user_id, name)
);
INSERT INTO "portfolio_goals" VALUES('one','default','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}','1234567890.123456789','one',1,1,1);
CREATE TABLE scheduled_jobs (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	job_type VARCHAR NOT NULL, 
	schedule VARCHAR NOT NULL, 
	time_zone VARCHAR NOT NULL, 
	config TEXT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	last_slot_at BIGINT, 
	last_run_at BIGINT, 
	last_outcome VARCHAR NOT NULL, 
	failures INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_scheduled_jobs PRIMARY KEY (id), 
	CONSTRAINT fk_scheduled_jobs_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "scheduled_jobs" VALUES('one','default','one','one','one','one','{"a": [1, "ü", null]}',1,1,1,'one',1,1,1);
CREATE TABLE settings (
	user_id VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY (user_id, "key"), 
	CONSTRAINT fk_settings_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "settings" VALUES('default','one','{"a": [1, "ü", null]}',1,1);
CREATE TABLE strategy_configs (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	strategy_type VARCHAR NOT NULL, 
	params TEXT NOT NULL, 
	symbols TEXT NOT NULL, 
	interval VARCHAR NOT NULL, 
	mode VARCHAR NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_strategy_configs PRIMARY KEY (id), 
	CONSTRAINT fk_strategy_configs_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_strategy_configs_user_id_name UNIQUE (user_id, name)
);
INSERT INTO "strategy_configs" VALUES('one','default','one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}','one','one',1,1,1,1);
CREATE TABLE strategy_decisions (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	strategy_id VARCHAR NOT NULL, 
	strategy VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	mode VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	slot_at BIGINT NOT NULL, 
	bar_at BIGINT NOT NULL, 
	opens_at BIGINT NOT NULL, 
	valid_until BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	aims TEXT NOT NULL, 
	orders TEXT NOT NULL, 
	decided_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_strategy_decisions PRIMARY KEY (id), 
	CONSTRAINT fk_strategy_decisions_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_strategy_decisions_user_id_strategy_id_slot_at UNIQUE (user_id, strategy_id, slot_at)
);
INSERT INTO "strategy_decisions" VALUES('one','default','one','one',1,'one','one',1,1,1,1,'one','one','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}',1,1);
CREATE TABLE "trade_history" (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	order_id VARCHAR, 
	strategy_id VARCHAR, 
	account VARCHAR NOT NULL, 
	mode VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	symbol VARCHAR NOT NULL, 
	side VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	price VARCHAR NOT NULL, 
	fees VARCHAR NOT NULL, 
	realized VARCHAR, 
	note VARCHAR NOT NULL, 
	traded_at BIGINT NOT NULL, 
	tags TEXT DEFAULT '[]' NOT NULL, 
	intent_id VARCHAR, 
	execution_id VARCHAR, 
	CONSTRAINT pk_trade_history PRIMARY KEY (id), 
	CONSTRAINT fk_trade_history_strategy_id_strategy_configs FOREIGN KEY(strategy_id) REFERENCES strategy_configs (id) ON DELETE SET NULL, 
	CONSTRAINT fk_trade_history_order_id_orders FOREIGN KEY(order_id) REFERENCES orders (id), 
	CONSTRAINT fk_trade_history_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT fk_trade_history_intent_id_intents FOREIGN KEY(intent_id) REFERENCES intents (id)
);
INSERT INTO "trade_history" VALUES('one','default','one','one','one','one','one','one','one','1234567890.123456789','1234567890.123456789','1234567890.123456789','1234567890.123456789','one',1,'{"a": [1, "ü", null]}','one','one');
CREATE TABLE trials (
	optimization_job_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	user_id VARCHAR NOT NULL, 
	params TEXT NOT NULL, 
	metrics TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	finished_at BIGINT, 
	CONSTRAINT pk_trials PRIMARY KEY (optimization_job_id, number), 
	CONSTRAINT fk_trials_optimization_job_id_optimization_jobs FOREIGN KEY(optimization_job_id) REFERENCES optimization_jobs (id) ON DELETE CASCADE, 
	CONSTRAINT fk_trials_user_id_users FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "trials" VALUES('one',1,'default','{"a": [1, "ü", null]}','{"a": [1, "ü", null]}','one',1);
CREATE TABLE users (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id)
);
INSERT INTO "users" VALUES('default','default',1);
CREATE TABLE watchlists (
	id VARCHAR NOT NULL, 
	user_id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	symbols TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_watchlists PRIMARY KEY (id), 
	CONSTRAINT fk_watchlists_user_id_users FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_watchlists_user_id_name UNIQUE (user_id, name)
);
INSERT INTO "watchlists" VALUES('one','default','one','{"a": [1, "ü", null]}',1,1,1);
CREATE INDEX ix_access_tokens_user_id ON access_tokens (user_id);
CREATE INDEX ix_agent_logs_run_at ON agent_logs (run_at);
CREATE INDEX ix_agent_logs_user_id ON agent_logs (user_id);
CREATE INDEX ix_ai_conversations_updated_at ON ai_conversations (updated_at);
CREATE INDEX ix_ai_conversations_user_id ON ai_conversations (user_id);
CREATE INDEX ix_alert_configs_user_id ON alert_configs (user_id);
CREATE INDEX ix_approvals_order_hash ON approvals (order_hash);
CREATE INDEX ix_approvals_user_id ON approvals (user_id);
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_capability ON audit (capability);
CREATE INDEX ix_audit_user_id ON audit (user_id);
CREATE INDEX ix_drawings_symbol ON drawings (symbol);
CREATE INDEX ix_drawings_user_id ON drawings (user_id);
CREATE INDEX ix_layouts_user_id ON layouts (user_id);
CREATE INDEX ix_portfolio_goals_user_id ON portfolio_goals (user_id);
CREATE INDEX ix_scheduled_jobs_user_id ON scheduled_jobs (user_id);
CREATE INDEX ix_settings_user_id ON settings (user_id);
CREATE INDEX ix_strategy_configs_user_id ON strategy_configs (user_id);
CREATE INDEX ix_watchlists_user_id ON watchlists (user_id);
CREATE INDEX ix_alert_history_alert_config_id ON alert_history (alert_config_id);
CREATE INDEX ix_alert_history_triggered_at ON alert_history (triggered_at);
CREATE INDEX ix_alert_history_user_id ON alert_history (user_id);
CREATE INDEX ix_backtest_results_created_at ON backtest_results (created_at);
CREATE INDEX ix_backtest_results_strategy_id ON backtest_results (strategy_id);
CREATE INDEX ix_backtest_results_user_id ON backtest_results (user_id);
CREATE INDEX ix_optimization_jobs_created_at ON optimization_jobs (created_at);
CREATE INDEX ix_optimization_jobs_strategy_id ON optimization_jobs (strategy_id);
CREATE INDEX ix_optimization_jobs_user_id ON optimization_jobs (user_id);
CREATE INDEX ix_adaptations_created_at ON adaptations (created_at);
CREATE INDEX ix_adaptations_optimization_job_id ON adaptations (optimization_job_id);
CREATE INDEX ix_adaptations_strategy_id ON adaptations (strategy_id);
CREATE INDEX ix_adaptations_user_id ON adaptations (user_id);
CREATE INDEX ix_orders_broker_order_id ON orders (broker_order_id);
CREATE INDEX ix_orders_client_id ON orders (client_id);
CREATE INDEX ix_orders_intent_id ON orders (intent_id);
CREATE INDEX ix_orders_symbol ON orders (symbol);
CREATE INDEX ix_orders_user_id ON orders (user_id);
CREATE INDEX ix_orders_user_id_state ON orders (user_id, state);
CREATE INDEX ix_trials_user_id ON trials (user_id);
CREATE INDEX ix_fills_filled_at ON fills (filled_at);
CREATE INDEX ix_fills_order_id ON fills (order_id);
CREATE INDEX ix_fills_symbol ON fills (symbol);
CREATE INDEX ix_fills_user_id ON fills (user_id);
CREATE INDEX ix_attempts_user_id ON attempts (user_id);
CREATE INDEX ix_intents_parent_id ON intents (parent_id);
CREATE INDEX ix_intents_user_id_account_trading_day ON intents (user_id, account, trading_day);
CREATE INDEX ix_intents_user_id_account_symbol ON intents (user_id, account, symbol);
CREATE INDEX ix_intents_broker_order_id ON intents (broker_order_id);
CREATE INDEX ix_intents_user_id_state ON intents (user_id, state);
CREATE INDEX ix_intents_approval_id ON intents (approval_id);
CREATE INDEX ix_intents_user_id ON intents (user_id);
CREATE INDEX ix_orders_parent_order_id ON orders (parent_order_id);
CREATE INDEX ix_trade_history_symbol ON trade_history (symbol);
CREATE INDEX ix_trade_history_traded_at ON trade_history (traded_at);
CREATE INDEX ix_trade_history_user_id ON trade_history (user_id);
CREATE INDEX ix_trade_history_order_id ON trade_history (order_id);
CREATE INDEX ix_trade_history_strategy_id ON trade_history (strategy_id);
CREATE INDEX ix_trade_history_intent_id ON trade_history (intent_id);
CREATE INDEX ix_accounts_user_id ON accounts (user_id);
CREATE INDEX ix_cash_flows_user_id ON cash_flows (user_id);
CREATE INDEX ix_cash_flows_at ON cash_flows (at);
CREATE INDEX ix_strategy_decisions_user_id ON strategy_decisions (user_id);
COMMIT;
