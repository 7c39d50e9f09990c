package io.limestone.policy;

import io.limestone.evidence.Span;
import io.limestone.policy.Complaint.Level;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What is wrong with a runtime policy that is valid. For one policy. */
public final class PolicyLint {
  private static final Duration STALE = Duration.ofDays(180);

  /**
   * Names of files that have nothing in common: an expression that matches all of them matches
   * every file there is.
   */
  private static final List<String> ANYTHING =
      List.of("/usr/bin/bash", "/etc/passwd", "/opt/x/lib.so", "/home/a/run", "/~");

  private final PolicyDocument policy;
  private final List<Complaint> complaints = new ArrayList<>();

  private PolicyLint(PolicyDocument policy) {
    this.policy = policy;
  }

  /**
   * The complaints, as they stand in the document.
   *
   * @param signed whether it came in an envelope with a signature
   * @param now local time, as tools write it into the policy
   */
  public static List<Complaint> of(PolicyDocument policy, boolean signed, LocalDateTime now) {
    PolicyLint lint = new PolicyLint(policy);
    lint.age(now);
    lint.digests();
    lint.excludes();
    lint.keyrings();
    lint.verificationKeys();
    if (!signed) {
      lint.complain(
          Level.WARNING,
          "the policy",
          "is not signed: whoever can upload can change it",
          "limestone policy sign, and set verifier.require_allow_list_signatures");
    }
    return lint.complaints;
  }

  private void age(LocalDateTime now) {
    if (policy.timestamp().isEmpty()) {
      complain(
          Level.NOTE,
          "meta.timestamp",
          "is missing: nobody sees how old the policy is",
          "make it by a tool");
      return;
    }
    String text = policy.timestamp().get();
    try {
      Duration age = Duration.between(LocalDateTime.parse(text.replace(' ', 'T')), now);
      if (age.compareTo(STALE) > 0) {
        complain(
            Level.WARNING,
            "meta.timestamp",
            "the policy is " + age.toDays() + " days old: what was updated since is not in it",
            "make it anew from what the nodes should run today");
      }
    } catch (DateTimeException e) {
      complain(Level.NOTE, "meta.timestamp", "is no time that can be read", "make it by a tool");
    }
  }

  private void digests() {
    Map<String, List<String>> digests = policy.table("digests");
    if (digests.isEmpty() && policy.verificationKeys().isEmpty()) {
      complain(
          Level.ERROR,
          "digests",
          "is empty, and no key is trusted: every file that is measured fails",
          "limestone policy create runtime");
    }
    Set<Integer> lengths = new TreeSet<>();
    int twice = 0;
    for (Map.Entry<String, List<String>> one : digests.entrySet()) {
      one.getValue().forEach(digest -> lengths.add(4 * digest.length()));
      if (new HashSet<>(one.getValue()).size() < one.getValue().size()) {
        twice++;
      }
      if (one.getKey().indexOf(' ') >= 0) {
        complain(
            Level.WARNING,
            "digests[" + one.getKey() + "]",
            "has a blank, which the kernel writes as an underscore: it never matches",
            "write _ for each blank");
      }
    }
    if (lengths.contains(160)) {
      complain(
          Level.WARNING,
          "digests",
          "has SHA-1 digests: a file with the same digest can be made",
          "boot with ima_hash=sha256, and list SHA-256 digests");
    }
    if (lengths.size() > 1) {
      complain(
          Level.NOTE,
          "digests",
          "are of several lengths: " + lengths + " bits",
          "good while nodes with different ima_hash= share it; else one of them is of no use");
    }
    if (twice > 0) {
      complain(
          Level.NOTE, "digests", twice + " names list a digest twice", "limestone policy merge");
    }
    if (!digests.isEmpty() && !digests.containsKey("boot_aggregate")) {
      complain(
          Level.NOTE,
          "digests[boot_aggregate]",
          "is missing: nodes whose boot PCRs are not quoted fail on their first entry",
          "quote PCR 0 to 9 (a measured-boot policy does), or list it");
    }
  }

  private void excludes() {
    List<String> names = List.copyOf(policy.table("digests").keySet());
    List<String> expressions = policy.excludes();
    Set<String> swallowed = new HashSet<>();
    for (int i = 0; i < expressions.size(); i++) {
      String place = "excludes[" + i + "]";
      ExcludeList one = ExcludeList.of(List.of(expressions.get(i)));
      if (ANYTHING.stream().allMatch(name -> matches(one, name))) {
        complain(
            Level.ERROR,
            place,
            "matches every name: nothing is checked",
            "name the folders that may not be judged");
        continue;
      }
      List<String> own = names.stream().filter(name -> matches(one, name)).toList();
      swallowed.addAll(own);
      if (!names.isEmpty() && own.size() * 2 > names.size()) {
        complain(
            Level.WARNING,
            place,
            "matches " + own.size() + " of the " + names.size() + " names in digests",
            "narrow it: expressions match from the start of a name, not to its end");
      }
      if (expressions.indexOf(expressions.get(i)) < i) {
        complain(Level.NOTE, place, "stands there twice", "remove one");
      }
    }
    if (!swallowed.isEmpty()) {
      complain(
          Level.NOTE,
          "excludes",
          "make " + swallowed.size() + " names in digests pointless: they pass anyway",
          "remove the names, or narrow the expressions");
    }
  }

  private static boolean matches(ExcludeList list, String name) {
    return list.matches(Span.of(Utf8.bytes(name)));
  }

  private void keyrings() {
    if (policy.ignoredKeyrings().contains("*")) {
      complain(
          Level.WARNING,
          "ima.ignored_keyrings",
          "has *: any key may be loaded into any keyring, unseen",
          "list the keys, or name the keyrings that do not matter");
    }
    for (String ignored : policy.ignoredKeyrings()) {
      if (policy.table("keyrings").containsKey(ignored)) {
        complain(
            Level.WARNING,
            "keyrings[" + ignored + "]",
            "is ignored: its digests do nothing, and its keys verify no file",
            "remove it from ima.ignored_keyrings");
      }
    }
  }

  private void verificationKeys() {
    int listed = VerificationKeys.listed(policy.json().string("verification-keys"));
    int usable = policy.verificationKeys().size();
    if (usable < listed) {
      complain(
          Level.ERROR,
          "verification-keys",
          (listed - usable)
              + " of "
              + listed
              + " keys are of no use: not RSA or EC, or an id twice",
          "list RSA or elliptic curve keys, DER in base64, each with its own id");
    }
  }

  private void complain(Level level, String place, String problem, String remedy) {
    complaints.add(new Complaint(level, place, problem, remedy));
  }
}
