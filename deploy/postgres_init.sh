#!/bin/sh
# Runs once, on an empty data folder: the service's own role, which is no superuser, its database, and the extensions that
# only a superuser may create.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" <<'SQL'
create role moajang login password :'password';
create database moajang owner moajang;
\connect moajang
create extension cube;
create extension earthdistance;
create extension pg_trgm;
SQL
