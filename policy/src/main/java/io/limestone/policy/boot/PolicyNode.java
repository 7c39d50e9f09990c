package io.limestone.policy.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * An object in a policy's document that knows where it stands, so that every complaint says where
 * it is of. A member that is {@code null} is of the wrong kind, not absent: {@code "until": null}
 * must not mean <em>for ever</em>.
 */
final class PolicyNode {
  private static final int MAX_NAME = 60;

  private final JsonObject json;
  private final List<String> path;

  private PolicyNode(JsonObject json, List<String> path) {
    this.json = json;
    this.path = path;
  }

  static PolicyNode root(JsonObject document) {
    return new PolicyNode(document, List.of());
  }

  /** Refuses members that are not known here. */
  void only(Collection<String> members) {
    for (String name : json.names()) {
      if (!members.contains(name)) {
        throw fault(name, "is not a member that is known here");
      }
    }
  }

  Set<String> names() {
    return json.names();
  }

  boolean has(String name) {
    return json.has(name);
  }

  /** Whether the member is this word. */
  boolean is(String name, String word) {
    return word.equals(json.members().get(name));
  }

  boolean flag(String name) {
    return required(name, Boolean.class, "true or false");
  }

  /** An integer of a range, both ends included. */
  long number(String name, long least, long most) {
    long number = required(name, Long.class, "an integer");
    if (number < least || number > most) {
      throw fault(name, "is not from " + least + " to " + most);
    }
    return number;
  }

  Optional<String> text(String name) {
    return has(name) ? Optional.of(required(name, String.class, "a string")) : Optional.empty();
  }

  /** A text that is read further; what is wrong with it is wrong here. */
  <T> Optional<T> text(String name, Function<String, T> reader) {
    return text(name)
        .map(
            text -> {
              try {
                return reader.apply(text);
              } catch (MalformedException e) {
                throw fault(name, e.getMessage());
              }
            });
  }

  Optional<Bytes> digest(String name, HashAlg alg) {
    Optional<Bytes> digest = text(name, Bytes::ofHex);
    if (digest.isPresent() && digest.get().size() != alg.size()) {
      throw fault(name, "does not have " + alg.size() + " bytes");
    }
    return digest;
  }

  /** Texts of at least one character each, in order; none if there is no such member. */
  List<String> words(String name) {
    return words(name, word -> !word.isEmpty(), "is empty");
  }

  /** The same, each of a certain form; if one is not, that is the complaint. */
  List<String> words(String name, Predicate<String> form, String complaint) {
    List<String> words = new ArrayList<>();
    for (Object item : list(name)) {
      List<String> place = step(step(path, name), "[" + words.size() + "]");
      if (!(item instanceof String word)) {
        throw new PolicyFault(place, "is not a string");
      }
      if (!form.test(word)) {
        throw new PolicyFault(place, complaint);
      }
      words.add(word);
    }
    return words;
  }

  /** The objects of a list, each read; none if there is no such member. */
  <T> List<T> each(String name, Function<PolicyNode, T> reader) {
    List<T> all = new ArrayList<>();
    for (Object item : list(name)) {
      List<String> place = step(step(path, name), "[" + all.size() + "]");
      if (!(item instanceof JsonObject object)) {
        throw new PolicyFault(place, "is not an object");
      }
      all.add(reader.apply(new PolicyNode(object, place)));
    }
    return List.copyOf(all);
  }

  Optional<PolicyNode> object(String name) {
    return has(name)
        ? Optional.of(
            new PolicyNode(required(name, JsonObject.class, "an object"), step(path, name)))
        : Optional.empty();
  }

  /** What to throw if the object as a whole is wrong. */
  PolicyFault fault(String complaint) {
    return new PolicyFault(path, complaint);
  }

  /** What to throw if a member is wrong. */
  PolicyFault fault(String name, String complaint) {
    return new PolicyFault(step(path, Encoding.printable(name, MAX_NAME)), complaint);
  }

  private List<?> list(String name) {
    return has(name) ? required(name, List.class, "a list") : List.of();
  }

  private <T> T required(String name, Class<T> kind, String words) {
    if (!has(name)) {
      throw fault(name, "is missing");
    }
    Object value = json.members().get(name);
    if (!kind.isInstance(value)) {
      throw fault(name, "is not " + words);
    }
    return kind.cast(value);
  }

  private static List<String> step(List<String> path, String step) {
    List<String> longer = new ArrayList<>(path);
    longer.add(step);
    return longer;
  }
}
