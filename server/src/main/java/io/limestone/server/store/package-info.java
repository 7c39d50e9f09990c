/**
 * What is durable: one database (SQLite, or PostgreSQL), plain SQL, and the key that seals secrets
 * in it, which lies outside of it.
 */
@NullMarked
package io.limestone.server.store;

import org.jspecify.annotations.NullMarked;
