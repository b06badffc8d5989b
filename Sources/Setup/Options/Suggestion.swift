/// What somebody may have meant who typed a word that there is not.
package enum Suggestion {
    /// Of `known` the word that is spelt most like `word`: with at most a third of its letters
    /// wrong, missing, too many or out of order; else one that `word` begins or is the beginning
    /// of. Nil where none is.
    package static func nearest(to word: String, among known: [String]) -> String? {
        let limit = max(1, word.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in known {
            let distance = distance(Array(word.utf8), Array(candidate.utf8))
            if distance <= limit, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        if let best { return best.word }
        return known.first { $0.hasPrefix(word) && word.count > 3 }
    }

    /// How many letters must be changed, left out, put in or swapped with their neighbour to make
    /// the one word the other: the distance of Damerau and Levenshtein, in its restricted form.
    private static func distance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...to.count)
        for row in from.indices {
            var current = [row + 1]
            for column in to.indices {
                let change = last[column] + (from[row] == to[column] ? 0 : 1)
                var least = min(change, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, from[row] == to[column - 1], from[row - 1] == to[column] {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            beforeLast = last
            last = current
        }
        return last[to.count]
    }
}
