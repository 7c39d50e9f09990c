package io.limestone.server.registrar;

import io.limestone.server.http.AddressLimit;
import java.net.InetAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/**
 * So many per minute from one address: a bucket that fills evenly. Addresses whose bucket is full
 * again are forgotten, so that memory is bounded by who came in the last minute. Safe for any
 * thread.
 */
final class RateLimit {
  private static final double SECONDS = 60;
  private static final int SWEEP_AT = 10_000;

  private final int perMinute;
  private final InstantSource clock;
  private final Map<String, Bucket> buckets = new HashMap<>();

  private record Bucket(double left, Instant at) {}

  RateLimit(int perMinute, InstantSource clock) {
    this.perMinute = perMinute;
    this.clock = clock;
  }

  synchronized boolean allows(InetAddress address) {
    Instant now = clock.instant();
    if (buckets.size() >= SWEEP_AT) {
      buckets.values().removeIf(bucket -> left(bucket, now) >= perMinute);
    }
    String key = AddressLimit.key(address);
    Bucket bucket = buckets.get(key);
    double left = bucket == null ? perMinute : left(bucket, now);
    if (left < 1) {
      return false;
    }
    buckets.put(key, new Bucket(left - 1, now));
    return true;
  }

  private double left(Bucket bucket, Instant now) {
    double seconds = Math.max(0, (now.toEpochMilli() - bucket.at().toEpochMilli()) / 1000.0);
    return Math.min(perMinute, bucket.left() + seconds * perMinute / SECONDS);
  }
}
